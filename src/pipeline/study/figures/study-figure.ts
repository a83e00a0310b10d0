/** A figure of a study: a file of its own. */
export interface StudyFigure {
  /** of its file, without its ending */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

/** Two columns of a journal. */
export const PRINT = { widthMm: 180, fontPt: 7 } as const;
