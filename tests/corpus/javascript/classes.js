class Legacy extends Base {
//    ^^^^^^ class Legacy
  #count = 0;
  // <- property Legacy.#count private
  static shared = {};
  //     ^^^^^^ property Legacy.shared
  handler = () => {};
  // <- method Legacy.handler

  constructor() {
  // <- constructor Legacy.constructor
    super();
    this.name = 'x';
    //   ^^^^ property Legacy.name
    this.#count = 1;
    if (this.name) {
      this.conditional = true;
      //   ^^^^^^^^^^^ property Legacy.conditional
    }
    this.name = 'y';
    this.callback = () => {};
    //   ^^^^^^^^ method Legacy.callback
    const later = () => {
      this.notHere = 1;
    };
  }

  get value() {
  //  ^^^^^ getter Legacy.value
    return 1;
  }
  static async create() {}
  //           ^^^^^^ method Legacy.create async
  *items() {}
// ^^^^^ method Legacy.items
}

export default class extends Legacy {
//     ^^^^^^^ class default exported
  run() {}
  // <- method default.run exported
}

export const { one, two = 2 } = load();
//             ^^^ constant one exported
//                  ^^^ constant two exported
var three = require('three'),
//  ^^^^^ variable three
  four = function () {};
  // <- function four
