/** The page "frames". */
export default function FramesPage({ file }: { file: string | undefined }) {
  return <main className="page">{file}</main>;
}
