/** The page "run". */
export default function RunPage({ file }: { file: string | undefined }) {
  return <main className="page">{file}</main>;
}
