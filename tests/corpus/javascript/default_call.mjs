export default defineConfig({
//     ^^^^^^^ constant default exported
  plugins: [],
});
