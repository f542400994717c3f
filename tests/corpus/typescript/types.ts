export interface User extends Base {
//               ^^^^ interface User exported
  name: string;
  // <- property User.name exported
  readonly age?: number;
  //       ^^^ property User.age exported
  greet(other: User): void;
  // <- method User.greet exported
  greet(): void;
  // <- method User.greet exported
  get full(): string;
  //  ^^^^ getter User.full exported
  set full(value: string);
  //  ^^^^ setter User.full exported
  'quoted-key': 1;
// ^^^^^^^^^^ property User.quoted-key exported
  (call: number): string;
  new (x: number): User;
  [index: string]: unknown;
}

interface Hidden {
//        ^^^^^^ interface Hidden
  member: string;
  // <- property Hidden.member
}

export type Id = string | number;
//          ^^ type Id exported

type Point = {
//   ^^^^^ type Point
  x: number;
  // <- property Point.x
  move(by: Point): void;
  // <- method Point.move
};

export type Extended = Point & { z: number };
//          ^^^^^^^^ type Extended exported
//                               ^ property Extended.z exported

export enum Color {
//          ^^^^^ enum Color exported
  Red,
  // <- enum_member Color.Red exported
  Green = 'green',
  // <- enum_member Color.Green exported
  'light-blue' = 3,
// ^^^^^^^^^^ enum_member Color.light-blue exported
}

declare const enum Flag {
//                 ^^^^ enum Flag
  On = 1,
  // <- enum_member Flag.On
}

export default interface Main {
//                       ^^^^ interface Main exported
  entry: string;
  // <- property Main.entry exported
}
