import { labelled } from "../explore/loaded-map.ts";
import type { Quantity } from "./study-arrays.ts";

const GROUPS = [
  { group: "lithium", label: "lithium" },
  { group: "compare", label: "maps" },
  { group: "places", label: "places" },
] as const;

/** What is shown of all cells. */
export function QuantitySelect({
  quantities,
  quantity,
  onQuantity,
}: {
  quantities: readonly Quantity[];
  quantity: Quantity;
  onQuantity: (quantity: Quantity) => void;
}) {
  return (
    <select
      aria-label="quantity"
      className="map-select"
      value={`${quantity.group}/${quantity.map}`}
      onChange={({ target }) => {
        const next = quantities.find(({ group, map }) => `${group}/${map}` === target.value);
        if (next) onQuantity(next);
      }}
    >
      {GROUPS.map(({ group, label }) => (
        <optgroup key={group} label={label}>
          {quantities
            .filter((one) => one.group === group)
            .map((one) => (
              <option key={one.map} value={`${group}/${one.map}`}>
                {labelled(one.title, one.unit)}
              </option>
            ))}
        </optgroup>
      ))}
    </select>
  );
}
