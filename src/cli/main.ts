#!/usr/bin/env node
import { argv, stdout } from "node:process";
import { runCommandLine } from "./command-line.ts";

// a reader that has seen enough (| head) is no error
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

await runCommandLine(argv.slice(2));
