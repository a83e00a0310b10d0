/** What is asked of the drawing thread, and what it answers. */
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

export type DrawingReply =
  | { readonly bytes: Uint8Array }
  | { readonly error: { readonly name: string; readonly message: string; readonly code?: string } };
