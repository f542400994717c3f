function used() {}
//       ^^^^ function used exported
function local() {}
//       ^^^^^ function local
const constant = 1;
//    ^^^^^^^^ constant constant exported

exports.run = function () {};
//      ^^^ function run exported
exports.VERSION = '1.0';
//      ^^^^^^^ constant VERSION exported
exports.renamed = used;
module.exports.later = async () => {};
//             ^^^^^ function later exported async

module.exports = {
  constant,
  method() {},
  // <- function method exported
  pair: function () {},
  // <- function pair exported
  arrow: async () => {},
  // <- function arrow exported async
};

(function () {
  var inside = 1;
  exports.hidden = function () {};
})();
