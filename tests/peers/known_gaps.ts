/**
 * What does not work between ssm and programs that others wrote, and why.
 *
 * @module
 */

/** A test that is known to fail, for a reason that is not ours to mend. */
export interface KnownGap {
  /** The other program, as in the name of the test. */
  readonly peer: string;
  /** What it cannot do, as in the name of the test. */
  readonly what: string;
  readonly why: string;
}

/** All of them. A gap that closes fails its test, which then says so. */
export const KNOWN_GAPS: readonly KnownGap[] = [
  {
    peer: "ruby-stomp 1.1",
    what: "escapes",
    why: "1.4.10 undoes one escape after the other: \\\\c becomes \\ and :",
  },
  {
    peer: "ruby-stomp 1.2",
    what: "escapes",
    why: "1.4.10 undoes one escape after the other: \\\\c becomes \\ and :",
  },
  {
    peer: "Net::Stomp 1.1",
    what: "escapes",
    why: "0.61 knows no escapes, which came with STOMP 1.1",
  },
  {
    peer: "Net::Stomp 1.2",
    what: "escapes",
    why: "0.61 knows no escapes, which came with STOMP 1.1",
  },
  {
    peer: "stompserver",
    what: "mode client-individual keeps a message until it is confirmed",
    why: "0.9.9 knows the modes of STOMP 1.0, and takes this one for auto",
  },
  {
    peer: "stompserver",
    what: "the next message comes when one is confirmed",
    why: "0.9.9 answers an ACK, when more waits, with an ERROR since Ruby 1.9",
  },
  {
    peer: "stompserver",
    what: "the goodbye is confirmed",
    why: "0.9.9 closes the connection before it sends the receipt",
  },
];
