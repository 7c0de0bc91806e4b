package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// apiKey is a key as the daemon shows it.
type apiKey struct {
	ID      string     `json:"api_key_id"`
	Name    string     `json:"name"`
	Scopes  []string   `json:"scopes"`
	Created time.Time  `json:"created_at"`
	Revoked *time.Time `json:"revoked_at"`
	Token   string     `json:"token,omitempty"`
}

func keysCreate(a *app, args []string) error {
	var got struct {
		Key apiKey `json:"api_key"`
	}
	scopes := strings.FieldsFunc(a.text("scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	if err := a.ask("/v1/keys/create", map[string]any{"name": args[0], "scopes": scopes}, &got); err != nil {
		return err
	}
	if a.text("output") == "json" {
		return a.printJSON(got.Key)
	}
	_, err := fmt.Fprintln(a.io.out, got.Key.Token)
	return err
}

func keysList(a *app, _ []string) error {
	var got struct {
		Keys []apiKey `json:"api_keys"`
	}
	if err := a.ask("/v1/keys/list", map[string]any{}, &got); err != nil {
		return err
	}
	if a.text("output") == "json" {
		return a.printJSON(got.Keys)
	}
	t := tabwriter.NewWriter(a.io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "KEY\tNAME\tSCOPES\tCREATED\tREVOKED")
	for _, k := range got.Keys {
		revoked := "-"
		if k.Revoked != nil {
			revoked = k.Revoked.Format(time.DateTime)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, strings.Join(k.Scopes, ","), k.Created.Format(time.DateTime), revoked)
	}
	return t.Flush()
}

func keysRevoke(a *app, args []string) error {
	return a.ask("/v1/keys/revoke", map[string]any{"api_key_id": args[0]}, &struct{}{})
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.io.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
