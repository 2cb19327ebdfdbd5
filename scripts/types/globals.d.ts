/** Node's fetch streams request bodies, and asks for this; the DOM's types do not know it. */
interface RequestInit {
  duplex?: "half";
}
