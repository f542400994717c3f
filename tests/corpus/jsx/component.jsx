export const App = () => <Layout title="x" />;
//           ^^^ function App exported

export default function Page({ children }) {
//                      ^^^^ function Page exported
  const onClick = () => {};
  return <main onClick={onClick}>{children}</main>;
}
