/** The page "explore". */
export default function ExplorePage({ file }: { file: string | undefined }) {
  return <main className="page">{file}</main>;
}
