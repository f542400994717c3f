export function plain(a: number): number {
//              ^^^^^ function plain exported
  function inner() {}
  //       ^^^^^ function plain.inner
  const local = () => 1;
  var hoisted = 2;
  class Local {
  //    ^^^^^ class plain.Local
    method() {}
//  ^^^^^^ method plain.Local.method
  }
  return a;
}

async function load(url: string) {}
//             ^^^^ function load async

export async function* stream() {}
//                     ^^^^^^ function stream exported async

function* counter() {}
//        ^^^^^^^ function counter

export function over(x: string): void;
//              ^^^^ function over exported
export function over(x: number): void;
//              ^^^^ function over exported
export function over(x: unknown) {}
//              ^^^^ function over exported

declare function ambient(x: number): void;
//               ^^^^^^^ function ambient

export const arrow = async (x: number) => x;
//           ^^^^^ function arrow exported async

const expression = function named() {};
//    ^^^^^^^^^^ function expression

let later = (() => {}) as Handler;
//  ^^^^^ function later

export const casted = <Handler>(function () {});
//           ^^^^^^ function casted exported

const called = debounce(() => {
//    ^^^^^^ constant called
  const local = 1;
  function inside() {}
  //       ^^^^^^ function called.inside
});

describe('suite', () => {
  const local = () => {};
  class Stub {
  //    ^^^^ class Stub
    run() {}
//  ^^^ method Stub.run
  }
});

if (typeof window !== 'undefined') {
  const blocked = 1;
  function conditional() {}
  //       ^^^^^^^^^^^ function conditional
}

for (let i = 0; i < 3; i++) {}
for (const entry of entries) {}
