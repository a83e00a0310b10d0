import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import "./style.css";

/** Arrays are large: what is not shown is let go soon, and nothing is asked again by itself. */
const client = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 60_000, gcTime: 20_000 } },
});

createRoot(document.getElementById("app")!).render(
  <QueryClientProvider client={client}>
    <App />
  </QueryClientProvider>,
);
