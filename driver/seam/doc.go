// Package seam drives locks through Seam, a hosted service of a third party that programs access codes on the systems of many vendors:
// without it lockctl would not reach the systems that publish no protocol, Lockly and dormakaba Oracode. It is one driver and three
// providers: those two, and Seam itself for everything else that a workspace has.
//
// The service plans codes itself. What it documents, and what this driver makes of it:
//
//   - A code is created at once and set later: "unset", then "setting", then "set". So Set answers with a pending code. One whose window the
//     lock keeps by itself is held as soon as it is "scheduled on the device", also while it is unset.
//   - A code keeps its access_code_id, which is the Ref. Its name begins with our tag, by which it is found after a lost answer; so a list
//     is read before each creation, because the service would otherwise take the same wish twice where it chooses the digits.
//   - A change may mean erasing and writing again, and the service does not say which: nothing is changed in place.
//   - By the table that lockctl follows, 2N, August, igloohome, Kwikset, Salto, Schlage, TTLock and Yale keep windows themselves, and are given
//     them; others are written without, and lockctl's engine begins and ends their codes. A window needs both ends.
//   - Offline codes are computed by the vendor and can't be changed; whether one can be taken back the service answers when it is asked.
//   - Ten creations and twenty deletions a minute are taken for each device. This driver keeps count.
//   - Somebody who changes or removes a code at the lock is not overruled by the service: each code is created with outside changes allowed,
//     because lockctl's engine is the one that judges them. A code that was removed so stays on the service's record; it counts as absent,
//     and is forgotten before it is written again.
//   - Webhooks are signed as those of Svix are (svix-id, svix-timestamp, svix-signature), and one whose time is five minutes away is old. They
//     say which lock to look at, and nothing more is read from them.
//   - Codes that others have made are "unmanaged"; their Ref has a prefix.
//
// Not documented, or doubtful:
//
//   - The order of events, and whether two lists of events agree about one of the same instant: they are sorted here, and what was told is
//     known by its id.
//   - How a removed code is shown where outside changes are allowed: here by the warning "external_modification_in_effect", with the change type
//     "removed" or the status "unset".
//   - Which errors of a code are for good. Here: of "no_space_for_access_code_on_device" and the duplicates a repeated Set tells; all others
//     leave the code pending, and the service goes on trying.
//   - The predefined times of Oracode doors: read from predefined_time_slots, whose times have the form 15:00:00, with or without a zone
//     in brackets.
//   - How long a name may be: 60 bytes, unless the device has a rule.
package seam
