// Package kwikset drives Kwikset Halo Wi-Fi locks by the protocol of the vendor's app: without it their codes would have to be kept by
// hand in that app. The vendor publishes nothing about it: what is known comes from people who have taken the app apart, and was tried
// by them on one model. It may change any day. Locks that speak Z-Wave or Zigbee are driven through their hubs.
//
//   - One signs in with the owner's e-mail and password to an Amazon Cognito user pool, and where two-step verification is on with a code
//     besides. The ids of the app are not part of this program.
//   - A code travels as a packet of records: digits by two a byte, local times to the minute, the name. The lock takes the lowest free
//     slot. What the cloud answers is a token; by asking for it one learns the slot within seconds. So a Ref is the token first and
//     the slot later.
//   - Nothing lists codes. What a lock refuses it keeps quiet about: digits of which the first four are those of another code, a start
//     that has passed, a full memory. After three minutes without a slot a code counts as refused, and is written again.
//   - A deletion erases whatever is in a slot, and nobody confirms it. So only a slot that the lock has told is erased, and one that is in
//     doubt not once more while a code that was written since may have got it. A code whose token was forgotten before its slot was
//     known, or of whose writing the answer was lost, can't be erased by lockctl, and Clear says so. Where its window began a quarter of an hour
//     ahead the lock had the end along, and shuts it; without one it opens until somebody deletes it in the vendor's app.
//   - Whoever deletes a code of ours in the vendor's app frees its slot, and nothing tells. If the lock gives that slot to a later code of ours,
//     its number says so: the first code counts as gone, and is not erased. If it gives it to a code that somebody makes in the app, nobody can
//     know: no answer tells whose code is in a slot, the sum over all codes changes with every code, and a write never goes over a slot that is
//     taken. Then our erase hits that code. Not to erase would leave digits working that were withdrawn, which is worse, so it is done.
//   - How a code is changed is not established: it is erased and written anew.
//   - A lock that is not connected is refused at once: the cloud would give a token for what never arrives.
//   - A local time that clocks show twice stands for the first: a window that means the second is kept by the engine.
//   - The history calls codes by their names, so that a code has its tag for a name. Where the history is asked for is not certain, and
//     it fails at times: a look does without it.
//
// Not known: whether a range of dates is one stretch (so it is taken here; if it were a pair of times on each of its days, set schedules
// to "engine"), how many codes a lock holds (so Slots is 0), how long tokens are remembered, limits of requests (here: 429 is obeyed).
// The bitmaps of slots that a device tells are not read, because nobody is sure of them.
package kwikset
