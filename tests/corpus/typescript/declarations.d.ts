export default abstract class Base {
//                            ^^^^ class Base exported
  abstract run(): void;
  //       ^^^ method Base.run exported
}

export declare abstract class Derived extends Base {
//                            ^^^^^^^ class Derived exported
  private constructor();
  //      ^^^^^^^^^^^ constructor Derived.constructor private
  constructor(x: number);
  // <- constructor Derived.constructor exported
  run(): Promise<void>;
  // <- method Derived.run exported
  static readonly limit: number;
  //              ^^^^^ property Derived.limit exported
  protected get size(): number;
  //            ^^^^ getter Derived.size exported protected
}

declare class Hidden {
//            ^^^^^^ class Hidden
  shown: string;
  // <- property Hidden.shown
}

export declare const enum Level {
//                        ^^^^^ enum Level exported
  Low,
  // <- enum_member Level.Low exported
}

export as namespace Library;

export interface Callable {
//               ^^^^^^^^ interface Callable exported
  (): void;
  property?: string;
  // <- property Callable.property exported
}
