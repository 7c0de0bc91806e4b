package engine

import (
	"maps"
	"slices"
)

// IssueCodes lists the code of every Issue that the engine can raise or refuse with, sorted.
func IssueCodes() []string { return slices.Sorted(maps.Keys(catalogue)) }

// EventTypes lists the type of every event that the journal may hold: those of codes, devices, locks and accounts under the
// names that access-code APIs use, one per command, and the internal ones.
func EventTypes() []string {
	types := []string{
		"access_code.created",
		"access_code.changed",
		"access_code.name_changed",
		"access_code.code_changed",
		"access_code.time_frame_changed",
		"access_code.mutations_requested",
		"access_code.scheduled_on_device",
		"access_code.set_on_device",
		"access_code.removed_from_device",
		"access_code.delay_in_setting_on_device",
		"access_code.failed_to_set_on_device",
		"access_code.delay_in_removing_from_device",
		"access_code.failed_to_remove_from_device",
		"access_code.deleted",
		"access_code.modified_external_to_seam",
		"access_code.deleted_external_to_seam",
		"access_code.backup_access_code_pulled",
		"access_code.unmanaged.created",
		"access_code.unmanaged.removed",
		"access_code.unmanaged.converted_to_managed",
		"access_code.unmanaged.failed_to_convert_to_managed",
		"device.added",
		"device.connected",
		"device.disconnected",
		"device.removed",
		"device.low_battery",
		"device.battery_status_changed",
		"device.tampered",
		"lock.locked",
		"lock.unlocked",
		"lock.access_denied",
		"connected_account.connected",
		"connected_account.disconnected",
		"internal.issue.raised",
		"internal.issue.cleared",
		"internal.access_code.handed_over",
		"internal.access_code.native_refused",
		"internal.access_code.overwritten",
		"internal.access_code.resurfaced",
		rewound,
	}
	for _, a := range []Action{Create{}, CreateMany{}, Update{}, UpdateMany{}, Convert{}, Delete{}, Rotate{}, PullBackup{}, SetPool{}, Adopt{},
		DeleteUnmanaged{}, SwapDevice{}, Observe{}, Undo{}, AddDevice{}, RemoveDevice{}, Reveal{}, SetPolicy{}} {
		types = append(types, "command."+a.Verb())
	}
	return types
}
