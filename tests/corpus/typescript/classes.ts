export abstract class Shape<T> extends Base<T> implements Drawable {
//                    ^^^^^ class Shape exported
  static count = 0;
  //     ^^^^^ property Shape.count exported
  private secret?: string;
  //      ^^^^^^ property Shape.secret private
  protected readonly kind: T;
  //                 ^^^^ property Shape.kind exported protected
  #hidden = 1;
  // <- property Shape.#hidden private
  declare ambient: string;
  //      ^^^^^^^ property Shape.ambient exported
  12 = 'number';
  // <- property Shape.12 exported
  'quoted-name' = 1;
// ^^^^^^^^^^^ property Shape.quoted-name exported
  handler = async () => {};
  // <- method Shape.handler exported async
  items = [];
  // <- property Shape.items exported
  nested = { inner() {} };
  // <- property Shape.nested exported

  static {
    const local = 1;
  }

  constructor(private readonly a: number, public b = 1, c: string, readonly d?: T) {
  // <- constructor Shape.constructor exported
  //                           ^ property Shape.a private
  //                                             ^ property Shape.b exported
  //                                                                        ^ property Shape.d exported
    super();
    const local = () => {};
  }

  area(): number;
  // <- method Shape.area exported
  area(scale: number): number;
  // <- method Shape.area exported
  area(scale?: number) {
  // <- method Shape.area exported
    return 1;
  }

  static async make() {}
  //           ^^^^ method Shape.make exported async
  private *walk() {}
  //       ^^^^ method Shape.walk private
  get size() {
  //  ^^^^ getter Shape.size exported
    return 1;
  }
  set size(value) {}
  //  ^^^^ setter Shape.size exported
  protected abstract draw(): void;
  //                 ^^^^ method Shape.draw exported protected
  abstract get label(): string;
  //           ^^^^^ getter Shape.label exported
  #run() {}
  // <- method Shape.#run private
  [Symbol.iterator]() {}
  // <- method Shape.[Symbol.iterator] exported
  [key: string]: unknown;
}

abstract class Guarded {
//             ^^^^^^^ class Guarded
  private constructor() {}
  //      ^^^^^^^^^^^ constructor Guarded.constructor private
  private get secret() {
  //          ^^^^^^ getter Guarded.secret private
    return 1;
  }
  protected set secret(value) {}
  //            ^^^^^^ setter Guarded.secret protected
  private static async make() {}
  //                   ^^^^ method Guarded.make async private
}

@Component({ selector: 'x', async: true })
export class Decorated {
//           ^^^^^^^^^ class Decorated exported
  @Input() name: string;
  //       ^^^^ property Decorated.name exported

  @HostListener('click')
  onClick() {}
  // <- method Decorated.onClick exported
}

class Plain {}
//    ^^^^^ class Plain

const Bound = class Inner {
//    ^^^^^ class Bound
  value = 1;
  // <- property Bound.value
  run() {}
  // <- method Bound.run
};

export const mixin = (Base: Constructor) =>
//           ^^^^^ function mixin exported
  class extends Base {
    mixed() {}
//  ^^^^^ method mixin.mixed
  };
