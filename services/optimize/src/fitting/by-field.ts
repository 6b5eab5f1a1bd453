/** Tiles together with the others of the same image. */
export function byField<T extends { field: string }>(tiles: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const tile of tiles) {
    const own = found.get(tile.field);
    if (own === undefined) found.set(tile.field, [tile]);
    else own.push(tile);
  }
  return found;
}
