package engine

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// Event is one line of the journal, written in the transaction of the change it tells. It carries ids, never digits.
type Event struct {
	Seq     Seq
	At      time.Time
	Type    string         // "access_code.set_on_device", "device.disconnected", "command.create", …
	Account lock.AccountID `json:",omitzero"`
	Hub     lock.HubID     `json:",omitzero"` // of what is told about a whole hub
	Device  lock.DeviceID  `json:",omitzero"`
	Code    lock.CodeID    `json:",omitzero"`
	Backup  lock.CodeID    `json:",omitzero"` // access_code.backup_access_code_pulled
	Actor   string         `json:",omitzero"`
	Issue   *Issue         `json:",omitzero"` // what was raised or cleared
	// Mutations are the changes that access_code.mutations_requested tells of.
	Mutations []MutationCode `json:",omitzero"`
	Text      string         `json:",omitzero"` // one sentence for people
}
