export const LIMIT = 10, second = 20;
//           ^^^^^ constant LIMIT exported
//                       ^^^^^^ constant second exported
let counter: number;
//  ^^^^^^^ variable counter
var legacy = null;
//  ^^^^^^ variable legacy
export declare const declared: string;
//                   ^^^^^^^^ constant declared exported
const { a, b: renamed, c: { deep }, d = 1, ...rest } = source;
//      ^ constant a
//            ^^^^^^^ constant renamed
//                          ^^^^ constant deep
//                                  ^ constant d
//                                            ^^^^ constant rest
export const [first, , third = 2, ...[tail]] = list;
//            ^^^^^ constant first exported
//                     ^^^^^ constant third exported
//                                    ^^^^ constant tail exported

export const api = {
//           ^^^ constant api exported
  get(path: string) {},
  // <- method api.get exported
  async post() {},
  //    ^^^^ method api.post exported async
  put: async () => {},
  // <- method api.put exported async
  'quoted-method': function () {},
// ^^^^^^^^^^^^^ method api.quoted-method exported
  get status() {
  //  ^^^^^^ getter api.status exported
    return 1;
  },
  set status(value) {},
  //  ^^^^^^ setter api.status exported
  shorthand,
  depth: { two() {} },
  [computed]() {},
  // <- method api.[computed] exported
  plain: 1,
} satisfies Api;

const frozen = {
//    ^^^^^^ constant frozen
  run() {
  // <- method frozen.run
    const local = 1;
  },
} as const;

legacy = 2;
var legacy = 3;
