interface Props<T> {
//        ^^^^^ interface Props
  items: T[];
  // <- property Props.items
}

export function List<T,>({ items }: Props<T>) {
//              ^^^^ function List exported
  const rendered = items.map((item) => <li>{item}</li>);
  return <ul>{rendered}</ul>;
}

export const Button = ({ label }: { label: string }) => <button>{label}</button>;
//           ^^^^^^ function Button exported
//                                  ^^^^^ property Button.label

const Memo = memo(() => <Button label="x" />);
//    ^^^^ constant Memo

export default function () {
//     ^^^^^^^ function default exported
  return <List items={[1]} />;
}
