// Package nuki drives Nuki smart locks with a keypad through the Nuki Web API: without it their codes would have to be kept by
// hand in the vendor's app.
//
// A keypad code is an "auth" of type 13. What the vendor documents, and what this driver makes of it:
//
//   - A write is answered with 204 and an empty body before the lock knows of it; the auth's id appears in the list seconds later.
//     So Set answers with a Ref of the name, as pending, and Observe brings the id. An auth with an operationId is pending.
//   - A write to a lock that the vendor's server can't reach is lost, or made up for by a daily synchronisation. So the lock is asked
//     for first, and a write to one that is out of reach (serverState 4) fails as offline. The API does not tell a bridge that is
//     away from a lock that is, nor from its own Wi-Fi: an auth of type 1 says that some bridge was paired, and nothing of where it is.
//   - Codes are exactly six digits of 1 to 9 and don't start with 12. A code stands once on a lock; a second one is refused with 409.
//   - Names have up to 20 characters on a keypad. They begin with our tag.
//   - Dates are UTC, times of the day are the lock's own. Every write sends all five fields of a schedule, because the vendor
//     ignores some of them when others are left out; this driver never uses the schedule: by the table that lockctl follows,
//     Nuki's locks hold a code from write to erase.
//   - A code can't be created disabled, only switched off later, so staging is not offered.
//   - An erased code may stay in the list until the lock is synchronised. If it does and nothing is on its way, that is asked for.
//   - Webhooks are signed with HMAC-SHA-256 of the body, by the secret that registering them gives.
//
// Not documented by the vendor: the answer when the keypad's memory is full (here: 409 while the list has as many codes as the model
// holds is taken as full), the answer for an auth that is not there any more (here: 404, or 403 after the list lacks it, both
// taken as absent), limits of requests (here: 429 is obeyed).
package nuki
