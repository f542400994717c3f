const helper = () => {};
//    ^^^^^^ function helper

module.exports = class Service extends Base {
//                     ^^^^^^^ class Service exported
  constructor() {
  // <- constructor Service.constructor exported
    this.started = false;
    //   ^^^^^^^ property Service.started exported
  }

  start() {}
  // <- method Service.start exported
};
