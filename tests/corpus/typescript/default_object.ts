export default {
//     ^^^^^^^ constant default exported
  name: 'component',
  data() {},
  // <- method default.data exported
  load: async () => {},
  // <- method default.load exported async
} satisfies Component;
