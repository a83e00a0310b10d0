/** Asks the server: JSON, or arrays in the form of server/wire.ts. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ArraysHeader, ErrorReply, WireType } from "../../server/wire.ts";

/** What the server refused, in the user's words. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type Params = Readonly<Record<string, string | number | boolean | undefined>>;

/** "/api/pattern?file=a&y=3"; what is undefined is left out. */
export function urlOf(path: string, params: Params = {}): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return query ? `/api/${path}?${query}` : `/api/${path}`;
}

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** sent as JSON; a string or bytes as they are */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

async function request(path: string, params: Params, { method, body, signal }: RequestOptions): Promise<Response> {
  const isRaw = typeof body === "string" || body instanceof Uint8Array || body instanceof Blob;
  let response: Response;
  try {
    response = await fetch(urlOf(path, params), {
      method: method ?? (body === undefined ? "GET" : "POST"),
      ...(body !== undefined && { body: isRaw ? (body as BodyInit) : JSON.stringify(body) }),
      ...(body !== undefined && {
        headers: { "content-type": isRaw ? "application/octet-stream" : "application/json" },
      }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new ApiError("server-gone", "The server does not answer: is `xrdct serve` still running?", 0);
  }
  if (response.ok) return response;
  const reply = (await response.json().catch(() => undefined)) as ErrorReply | undefined;
  throw new ApiError(
    reply?.error?.code ?? "bug",
    reply?.error?.message ?? `The server answered ${response.status} ${response.statusText}.`,
    response.status,
  );
}

/** @throws ApiError */
export async function ask<T>(path: string, params: Params = {}, options: RequestOptions = {}): Promise<T> {
  const response = await request(path, params, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Bytes as the server sends them: a PNG, an exported file. @throws ApiError */
export async function askBlob(path: string, params: Params = {}, options: RequestOptions = {}): Promise<Blob> {
  return (await request(path, params, options)).blob();
}

export type WireArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

export interface Arrays<Meta = Record<string, unknown>> {
  readonly meta: Meta;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly values: Readonly<Record<string, WireArray>>;
}

const CONSTRUCTORS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<WireType, unknown>;

/** @throws ApiError */
export async function askArrays<Meta = Record<string, unknown>>(
  path: string,
  params: Params = {},
  options: RequestOptions = {},
): Promise<Arrays<Meta>> {
  const response = await request(path, params, options);
  const { arrays, meta } = JSON.parse(response.headers.get("x-xrdct-arrays")!) as ArraysHeader;
  const body = await response.arrayBuffer();
  const values: Record<string, WireArray> = {};
  const shapes: Record<string, readonly number[]> = {};
  let at = 0;
  for (const { name, type, shape } of arrays) {
    const Type = CONSTRUCTORS[type];
    const length = shape.reduce((product, n) => product * n, 1);
    at = Math.ceil(at / 8) * 8;
    values[name] = new Type(body, at, length);
    shapes[name] = shape;
    at += length * Type.BYTES_PER_ELEMENT;
  }
  return { meta: meta as Meta, shapes, values };
}

interface UseOptions {
  /** do not ask yet */
  readonly off?: boolean;
  /** show what was asked for before until the answer is there: for scrubbing */
  readonly keep?: boolean;
  /** ask again every so many ms */
  readonly every?: number;
  readonly body?: unknown;
}

/** JSON for a component; a request that is no longer wanted is aborted. */
export function useJson<T>(path: string, params: Params = {}, { off, keep, every, body }: UseOptions = {}) {
  return useQuery<T, ApiError>({
    queryKey: [path, params, body],
    queryFn: ({ signal }) => ask<T>(path, params, { signal, body }),
    enabled: !off,
    ...(keep && { placeholderData: keepPreviousData }),
    ...(every && { refetchInterval: every }),
  });
}

export function useArrays<Meta = Record<string, unknown>>(
  path: string,
  params: Params = {},
  { off, keep, every, body }: UseOptions = {},
) {
  return useQuery<Arrays<Meta>, ApiError>({
    queryKey: [path, params, body, "arrays"],
    queryFn: ({ signal }) => askArrays<Meta>(path, params, { signal, body }),
    enabled: !off,
    ...(keep && { placeholderData: keepPreviousData }),
    ...(every && { refetchInterval: every }),
  });
}
