const kept = 1;
//    ^^^^ constant kept
const listed = 2;
//    ^^^^^^ constant listed exported
function renamedFrom() {}
//       ^^^^^^^^^^^ function renamedFrom exported
class Chosen {
//    ^^^^^^ class Chosen exported
  method() {}
  // <- method Chosen.method exported
  private secret() {}
  //      ^^^^^^ method Chosen.secret private
  protected inherited() {}
  //        ^^^^^^^^^ method Chosen.inherited exported protected
}
type OnlyType = string;
//   ^^^^^^^^ type OnlyType exported

export { listed, renamedFrom as renamedTo };
export type { OnlyType };
export default Chosen;
export { other } from './other';
export * as everything from './everything';
