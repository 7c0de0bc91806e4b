// Package august drives the locks of August and Yale with a keypad through the cloud that both brands share: without it their codes
// would have to be kept by hand in the vendor's apps. It is one driver and two providers; the brands differ in hosts and headers.
//
// Partners sign in by OAuth, which the vendor documents. Everybody else signs in as the vendor's app does: that protocol is known from
// the community, may break, and may be against the vendor's terms. The application's key comes from the operator in either case.
//
// What is documented, and what this driver makes of it:
//
//   - Codes are written in batches of commands. The answer means that they were accepted; the code stands in the list "created" until
//     the lock has it, and then in "loaded". So Set answers with a pending code, and Observe shows what became of it.
//   - A code belongs to a partnerUserID, for which this driver takes the engine's tag: a code whose answer was lost is found again by it.
//     The tag is the last name too, so that people find the code in the vendor's app.
//   - A person has one code on a lock, and digits stand once. Both are refused with 409, and so is a full lock. The list may lag behind,
//     so it is not the list that tells which: asked for digits of its own choice, the vendor has none for a full lock. Where new digits
//     are to stand beside old ones, seen or not, their person gets a number behind the name.
//   - Other digits mean a clear and a set, with the end of the clear awaited in between, because the vendor's queue mixes them up
//     otherwise. So nothing is changed in place.
//   - A schedule needs both ends; an end that is left out is an hour after the start. Both are written in UTC and kept to the minute.
//     Locks of the first generation (Type 1), and those that say so (accessSchedulesAllowed), have no schedules.
//   - 40 batches in ten seconds are taken, then none for ten minutes. No more are sent, and none while the vendor holds off.
//   - Locks are never woken by a look: what the cloud has last heard is asked for, because clients that wake bridges in a loop were shut out.
//   - A refresh token is good once, so a new one is saved before it is used. The token that comes anew with every answer is not needed: a
//     session that has ended is begun again with the password, by the installation that the vendor trusts.
//   - A look asks for the lock, its codes and the last lines of its house's log; the lines have no promised order, and two of the same
//     millisecond that fall to either side of a look are told once.
//
// Not documented by the vendor, or doubtful:
//
//   - What the cloud says of a lock that its bridge has lost. Here: a status "unknown" that is not "valid" is a lock out of reach. A code
//     is written to it nevertheless, because the cloud takes it and hands it on.
//   - How many codes fit: 208 to 250, by model. So the capacity counts as hidden.
//   - How many digits are taken: 4 to 6 for August and 4 to 8 for Yale, unless the settings say otherwise.
//   - Whether "retry" makes the vendor try again, and for how long: it is sent as false, and the engine does.
//   - What the body of a webhook says: each lock has an address of its own, and no more is read than that the body is JSON. The vendor signs
//     nothing; it repeats a secret that this driver gives it.
//   - The actions of the log: those that end in "unlock" or "unlatch" opened, "pin_unlock" with the code of its user. Wrong codes are not told.
//   - Recurring codes are told with their days and hours, and never written: the engine has none. One-time codes are told as always valid.
//   - Lists of codes that are missing count as empty, also where all are: the vendor leaves out what it has nothing for. An answer that has
//     something else in their place is none.
package august
