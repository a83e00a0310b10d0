/** Frames for threads to read: those that are ready, and those that were not whole and are tried again, ever more rarely. */
import type { LivePiece } from "../tasks/live-task.ts";

/** Pieces that a thread is given at a time, where there are so many. */
const MOST_PIECES = 16;
const RETRY_MS = { first: 50, most: 5000 };

interface Waiting {
  readonly piece: LivePiece;
  readonly at: number;
  /** why it is not whole */
  readonly reason: string;
}

export class PieceQueue {
  private ready: LivePiece[] = [];
  private waiting: Waiting[] = [];
  private readonly tries = new Map<LivePiece, number>();
  private readonly sleepers = new Set<() => void>();
  /** pieces that threads have */
  atWork = 0;

  get length(): number {
    return this.ready.length;
  }

  /** One for each that is not whole. */
  get reasons(): string[] {
    return this.waiting.map(({ reason }) => reason);
  }

  add(piece: LivePiece): void {
    this.ready.push(piece);
  }

  /** It could not be read this time. */
  retry(piece: LivePiece, reason: string, now: number): void {
    const tries = this.tries.get(piece) ?? 0;
    this.tries.set(piece, tries + 1);
    this.waiting.push({ piece, at: now + Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** tries), reason });
  }

  finish(piece: LivePiece): void {
    this.tries.delete(piece);
  }

  /** Brings back what is to be tried again by now, and wakes the threads where there is something for them. */
  stir(now: number): void {
    if (this.waiting.some(({ at }) => at <= now)) {
      for (const { piece, at } of this.waiting) if (at <= now) this.ready.push(piece);
      this.waiting = this.waiting.filter(({ at }) => at > now);
    }
    if (this.ready.length > 0) this.wake();
  }

  /** What is there is shared out, so that the last frames of a rush do not wait for one thread; none where there is none. */
  take(): readonly LivePiece[] {
    const pieces = this.ready.splice(0, Math.min(MOST_PIECES, Math.max(1, this.ready.length >> 1)));
    this.atWork += pieces.length;
    return pieces;
  }

  /** Nothing more is to be read, but what threads have. */
  clear(): void {
    this.ready = [];
  }

  clearAll(): void {
    this.ready = [];
    this.waiting = [];
    this.tries.clear();
  }

  /** Until there is something, or it is over. */
  woken(): Promise<void> {
    return new Promise((awake) => this.sleepers.add(awake));
  }

  wake(): void {
    for (const awake of this.sleepers) awake();
    this.sleepers.clear();
  }
}
