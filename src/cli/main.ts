#!/usr/bin/env node
import { argv, stderr, stdout } from "node:process";
import { runCommandLine } from "./command-line.ts";

// a reader that has seen enough (| head) is no error
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

// nobody is told any more, and the work goes on
stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
});

// once it is told why a command ends, modules of Node that give up for the same reason (no memory) say nothing new
process.on("unhandledRejection", (error) => {
  if (!process.exitCode) throw error;
});

await runCommandLine(argv.slice(2));
