// Package schlage drives Schlage Encode and Sense locks by the protocol of the Schlage Home app: without it their codes would have to be
// kept by hand in that app. The vendor publishes nothing about it: what is known of it comes from pyschlage, which Home Assistant uses,
// and from what other integrators report. It may change any day.
//
//   - One signs in with the owner's e-mail and password to an Amazon Cognito user pool. The ids and secrets of the app are not part of
//     this program.
//   - A code is a JSON number beside its length, so that 0123 is 123 of 4 digits. All codes of a lock have one length, which it tells as
//     long as it can be reached; then its codes tell it. A code that is masked is known by its id and name.
//   - Windows are seconds since 1970. Codes that follow the days of the week are told with their days and hours, and never written.
//   - Writes are answered when the lock has answered, within seconds. A 500, 502, 504 or silence may come after the lock has taken the
//     code: the next look finds it by its name, which is the tag alone.
//   - Digits and names are compared with the list before a write, because the cloud answers those that are taken with vague errors.
//   - The list is the cloud's own. It may lag behind a write for a moment, and a name that was deleted may count for a moment more: a
//     refusal with "already" for what nobody has is therefore ambiguous, but for a code whose id is known, which is changed instead. Where
//     cloud and lock disagree for good, only deleting all codes at the lock helps; a code that stays ambiguous is a sign of it.
//   - Each code gets a notification, switched off, because some locks are reported to refuse codes without one. It may fail with 500
//     although all is well: that is logged.
//   - The clock of the lock keeps its offset to UTC when summer time begins or ends, so that windows across that day are kept by the engine.
//
// Not known: whether names may be longer than 12 characters or hold more than letters and digits, how many codes a lock holds that does not
// say (here: 100, and 30 on a Sense), how the keypad rounds seconds (here: windows are whole minutes), limits of requests (here: 429 is
// obeyed), what is answered when the lock is full (here: the list is counted before).
package schlage
