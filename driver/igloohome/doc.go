// Package igloohome drives igloohome's locks and keyboxes through the iglooaccess API: without it their PINs would have to be made by
// hand in the vendor's app.
//
// A PIN comes to a lock in two ways. Through a bridge it is a job: the API answers at once, the bridge does one job after the other
// within seconds, and what came of it is seen by asking for the job. Without a bridge the API computes digits that the lock can verify
// by itself ("algoPIN"). What is known of both, and what this driver makes of it:
//
//   - A job that was taken is no PIN yet. Set answers with a pending Held, and Observe asks for the jobs of the codes that are known;
//     one that has failed is not listed, and is written again. A job that is said to be completed and has status 2 has failed.
//   - Nor is an erase that was taken one that is done: Clear is ambiguous, and to be asked again, until its job is. Which job that is, is
//     kept with the account's token, so that it outlives a restart. One that failed is told as
//     that, once, and ordered again by the Clear after, unless the PIN's own job had failed.
//   - Nothing lists the PINs of a lock, and a PIN is erased by its digits. So a Ref is the digits, enciphered by the client's id, and
//     the job. After the client was replaced by another the PINs of the old one can't be erased any more by lockctl; Clear says so.
//   - As digits are all by which a PIN is erased, the same may not stand twice on a lock, even at different times.
//   - A start must not be past. What should have begun already begins with the next minute but one half.
//   - A job that waits for longer than its bridge can take means that the bridge is out of reach: two minutes, and a quarter of one for each
//     job ahead of it. Set tells when that will be known, so that the engine looks then. From there on the bridge is away until it has done a
//     job again: a look gives it one, to tell the state of the lock, when what it had is over. Which job that is, is kept as well.
//   - An algoPIN begins and ends on the hour by the lock's clock, so that they are offered only where its time zone is set. One
//     window has three, one start five for a single opening; which of them were taken is kept with the account's token, before they
//     are asked for. They can't be erased. Those for more than a day die unless they are used within a day.
//   - A token is asked for without naming scopes: the vendor refuses the whole request if a single one is not owned.
//
// Not documented, or not agreed on by those who use the API: the number of a PIN without an end (here 2, a setting), and whether it obeys
// its start (so a window without an end is not offered); the shape of the activity log and of webhooks (so neither is read, and who
// opened is not told); the statuses of a bridge that is away or has too much to do (so the words of the message are looked at, and
// not kept); whether a client that is wrong gets 400, 401 or 403 (all are taken as refused). Whether a failed job had its effect
// nobody can tell; it is taken as one that did not.
package igloohome
