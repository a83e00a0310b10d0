/** Runs as the server tells of them. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { JobInfo, JobList, JobState } from "../../server/wire.ts";
import { urlOf, useJson } from "../core/api.ts";

export const isOver = (state: JobState): boolean => ["done", "failed", "interrupted"].includes(state);

/** All runs, asked for again now and then: another page, or the command line, may start one. */
export const useJobs = () => useJson<JobList>("jobs", {}, { every: 5000 });

/** A run as it is now, told by the server whenever something happens. */
export function useJob(listed: JobInfo | undefined): JobInfo | undefined {
  const [told, setTold] = useState<JobInfo>();
  const client = useQueryClient();
  const id = listed && !isOver(listed.state) ? listed.id : undefined;
  useEffect(() => {
    if (!id) return;
    const source = new EventSource(urlOf(`jobs/${id}/events`));
    source.onmessage = ({ data }) => {
      const job = JSON.parse(data as string) as JobInfo;
      setTold(job);
      if (!isOver(job.state)) return;
      source.close();
      void client.invalidateQueries({ queryKey: ["jobs"] });
    };
    return () => source.close();
  }, [id, client]);
  return told && told.id === listed?.id ? told : listed;
}
