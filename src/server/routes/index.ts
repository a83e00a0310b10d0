import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import { addFigureRoutes } from "./figures.ts";
import { addFileRoutes } from "./files.ts";
import { addFrameRoutes } from "./frames.ts";
import { addImageRoutes } from "./images.ts";
import { addJobRoutes } from "./jobs.ts";
import { addLiveRoutes } from "./live.ts";
import { addMaskRoutes } from "./masks.ts";
import { addPatternRoutes } from "./patterns.ts";
import { addRefineRoutes } from "./refine.ts";
import { addResultRoutes } from "./results.ts";
import { addScanRoutes } from "./scans.ts";
import { addSessionRoute } from "./session.ts";
import { addStudyRoutes } from "./study.ts";

/** Every group of routes, in the order of the pages that use them. */
export const ROUTES: readonly ((app: FastifyInstance, context: ServerContext) => void)[] = [
  addFrameRoutes,
  addSessionRoute,
  addFileRoutes,
  addFigureRoutes,
  addJobRoutes,
  addScanRoutes,
  addResultRoutes,
  addPatternRoutes,
  addImageRoutes,
  addMaskRoutes,
  addRefineRoutes,
  addStudyRoutes,
  addLiveRoutes,
];
