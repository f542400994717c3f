module.exports = async function createApp(options) {
//                              ^^^^^^^^^ function createApp exported async
  const app = {};
  function configure() {}
  //       ^^^^^^^^^ function createApp.configure
  return app;
};
module.exports.defaults = { port: 80 };
//             ^^^^^^^^ constant defaults exported
