export namespace Outer {
//               ^^^^^ namespace Outer exported
  export const visible = 1;
  //           ^^^^^^^ constant Outer.visible exported
  const hidden = 2;
  //    ^^^^^^ constant Outer.hidden
  export function shown() {}
  //              ^^^^^ function Outer.shown exported
  export namespace Inner {
  //               ^^^^^ namespace Outer.Inner exported
    export type T = string;
    //          ^ type Outer.Inner.T exported
  }
}

namespace A.B.C {
//        ^ namespace A
//          ^ namespace A.B
//            ^ namespace A.B.C
  export const x = 1;
  //           ^ constant A.B.C.x
}

declare namespace Ambient {
//                ^^^^^^^ namespace Ambient
  function f(): void;
  //       ^ function Ambient.f
  interface Options {
  //        ^^^^^^^ interface Ambient.Options
    deep: boolean;
//  ^^^^ property Ambient.Options.deep
  }
}

export declare namespace Shown {
//                       ^^^^^ namespace Shown exported
  const value: number;
  //    ^^^^^ constant Shown.value exported
}

declare module 'virtual:module' {
//              ^^^^^^^^^^^^^^ namespace virtual:module exported
  export function load(): void;
  //              ^^^^ function virtual:module.load exported
  const version: string;
  //    ^^^^^^^ constant virtual:module.version exported
}

declare module '*.css';
//              ^^^^^ namespace *.css exported

declare global {
//      ^^^^^^ namespace global exported
  interface Window {
  //        ^^^^^^ interface global.Window exported
    app: string;
//  ^^^ property global.Window.app exported
  }
  var debug: boolean;
  //  ^^^^^ variable global.debug exported
}

module Old {}
//     ^^^ namespace Old
