/** The page "compose". */
export default function ComposePage({ file }: { file: string | undefined }) {
  return <main className="page">{file}</main>;
}
