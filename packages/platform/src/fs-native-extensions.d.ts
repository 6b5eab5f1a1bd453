declare module "fs-native-extensions" {
  /** Asks for an exclusive lock on a part of an open file; false where another open file holds it. */
  export function tryLock(fd: number, offset: number, length: number): boolean;
  export function unlock(fd: number, offset: number, length: number): void;
}
