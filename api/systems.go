package api

import (
	"fmt"
	"slices"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// hosted is what the hosted API says of a system.
type hosted struct {
	system                      string // as models have it
	provider, kind, maker, name string // of its provider, of its devices, of who makes them, and for people
	trade                       bool   // for offices and hotels, not for homes
	computes                    bool   // has codes that no lock needs to be told
}

// systems are those that there is a driver for.
func systems() [13]hosted {
	return [...]hosted{
		{system: "2n", provider: "my_2n", kind: "two_n_intercom", maker: "two_n", name: "2N", trade: true},
		{system: "august", provider: "august", kind: "august_lock", maker: "august", name: "August"},
		{system: "hubitat", provider: "hubitat", kind: "hubitat_lock", maker: "hubitat", name: "Hubitat"},
		{system: "igloohome", provider: "igloohome", kind: "igloohome_lock", maker: "igloohome", name: "igloohome", computes: true},
		{system: "kwikset", provider: "kwikset", kind: "kwikset_lock", maker: "kwikset", name: "Kwikset"},
		{system: "lockly", provider: "lockly", kind: "lockly_lock", maker: "lockly", name: "Lockly", computes: true},
		{system: "nuki", provider: "nuki", kind: "nuki_lock", maker: "nuki", name: "Nuki"},
		{system: "oracode", provider: "dormakaba_oracode", kind: "dormakaba_oracode_door", maker: "dormakaba_oracode", name: "dormakaba Oracode", trade: true, computes: true},
		{system: "salto", provider: "salto_ks", kind: "salto_lock", maker: "salto", name: "Salto KS", trade: true},
		{system: "schlage", provider: "schlage", kind: "schlage_lock", maker: "schlage", name: "Schlage"},
		{system: "smartthings", provider: "smartthings", kind: "smartthings_lock", maker: "smartthings", name: "SmartThings"},
		{system: "ttlock", provider: "ttlock", kind: "ttlock_lock", maker: "ttlock", name: "TTLock"},
		{system: "yale", provider: "yale", kind: "yale_lock", maker: "yale", name: "Yale"},
	}
}

// hostedNames are those of a system. One that the API has no name for keeps its own.
func hostedNames(system string) hosted {
	for _, h := range systems() {
		if h.system == system {
			return h
		}
	}
	if system == "" {
		return hosted{provider: "unknown", kind: "smart_lock", maker: "unknown", name: "Lock"}
	}
	return hosted{provider: system, kind: system + "_lock", maker: system, name: system}
}

// ProviderOf is the hosted API's name for the provider of a system.
func ProviderOf(system string) string { return hostedNames(system).provider }

// Providers are the hosted API's names for those that there is a driver for; category "": all.
func Providers(category string) []string {
	all := []string{}
	for _, v := range providers(category) {
		all = append(all, v.Provider)
	}
	return all
}

// deviceProvider is a vendor whose devices can be reached.
type deviceProvider struct {
	Provider   string   `json:"device_provider_name"`
	Name       string   `json:"display_name"`
	Image      string   `json:"image_url"` // none is kept here
	Categories []string `json:"provider_categories"`
	Online     bool     `json:"can_program_online_access_codes"`
	Offline    bool     `json:"can_program_offline_access_codes"`
	WithCode   bool     `json:"can_unlock_with_code"`
}

type listProviders struct {
	Category *string `json:"provider_category" doc:"only of this category: stable, or consumer_smartlocks"`
}

func providersList(_ *call, p listProviders) (reply, error) {
	category := ""
	set(&category, p.Category)
	return reply{"device_providers": providers(category)}, nil
}

func providers(category string) []deviceProvider {
	all := []deviceProvider{}
	for _, h := range systems() {
		v := deviceProvider{
			Provider: h.provider, Name: h.name, Categories: []string{"stable", "consumer_smartlocks"},
			Online: h.system != "oracode", Offline: h.computes, WithCode: true,
		}
		if h.trade {
			v.Categories = v.Categories[:1]
		}
		if category == "" || slices.Contains(v.Categories, category) {
			all = append(all, v)
		}
	}
	return all
}

// What devices of these systems have besides.
type (
	locklyLock struct {
		ID    lock.DeviceID `json:"device_id"`
		Name  string        `json:"device_name"`
		Model string        `json:"model"`
	}
	oracodeDoor struct {
		ID    lock.DeviceID `json:"device_id"`
		Name  string        `json:"door_name"`
		Zone  string        `json:"iana_timezone"`
		Slots []oracodeSlot `json:"predefined_time_slots"` // the times that stays have to have
	}
	oracodeSlot struct {
		Name   string `json:"name"`
		In     string `json:"check_in_time"`
		Out    string `json:"check_out_time"`
		Whole  bool   `json:"is_24_hour"`
		Once   bool   `json:"is_one_shot"`
		Twice  bool   `json:"is_biweekly_mode"`
		Master bool   `json:"is_master"`
	}
)

func doorOf(v *engine.DeviceView) *oracodeDoor {
	d := &oracodeDoor{ID: v.ID, Name: v.Name, Zone: v.Traits.Zone, Slots: []oracodeSlot{}}
	clock := func(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }
	at := func(minute int) string { return clock(minute) + ":00[" + v.Traits.Zone + "]" }
	for _, s := range v.Traits.TimeSlots {
		d.Slots = append(d.Slots, oracodeSlot{Name: clock(s.Start) + " to " + clock(s.End), In: at(s.Start), Out: at(s.End), Whole: s.Start == s.End})
	}
	return d
}
