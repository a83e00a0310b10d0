/** What is asked of the drawing thread; it answers with the bytes of the file. */
export type DrawingRequest =
  | { readonly kind: "png"; readonly svg: string; readonly scale: number }
  | {
      readonly kind: "export";
      /** absolute */
      readonly path: string;
      readonly name: string;
      readonly format: string;
      readonly bins?: readonly [number, number];
      readonly limits?: readonly [number, number];
      readonly colourMap?: string;
    };
