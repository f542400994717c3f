function main() {}
//       ^^^^ function main exported
namespace main {
//        ^^^^ namespace main exported
  export const version = 1;
  //           ^^^^^^^ constant main.version exported
}
export = main;
