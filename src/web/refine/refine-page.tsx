/** The page "refine". */
export default function RefinePage({ file }: { file: string | undefined }) {
  return <main className="page">{file}</main>;
}
