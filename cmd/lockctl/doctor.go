package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/engine"
)

// complaint is one thing that is wrong, as doctor prints it.
type complaint struct {
	Where   string `json:"where"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
	Mended  bool   `json:"mended"`
}

// doctor looks for what is wrong with the installation: its configuration, the folders, and every record of the store.
func doctor(a *app, _ []string) (err error) {
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	var all []complaint
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o077 != 0 {
		all = append(all, complaint{Where: dir, Message: fmt.Sprintf("its mode is %04o, so other users may look into it", info.Mode().Perm()), Remedy: "chmod 700 " + dir})
	}
	s, err := a.keptStore(dir)
	if err != nil {
		return err // it says what to do
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p := &progress{a: a, what: "records"}
	report, err := engine.Check(a.ctx, s, p.told)
	p.done()
	if err != nil {
		return err
	}
	mended := a.on("repair")
	if mended {
		if _, err := engine.Repair(a.ctx, s, report); err != nil {
			return err
		}
	}
	for _, f := range report.Findings {
		c := complaint{Where: f.Key, Message: f.Message, Remedy: f.Remedy, Mended: mended && f.Repairable()}
		if f.Repairable() && !mended {
			c.Remedy = "lockctl doctor --repair"
		}
		all = append(all, c)
	}
	if _, err := api.OpenKeys(a.ctx, s); err != nil {
		all = append(all, complaint{Where: "key/", Message: err.Error(), Remedy: "restore the last backup; the API answers nobody meanwhile"})
	}
	if err := a.printComplaints(report, all); err != nil {
		return err
	}
	left := report.More
	for _, c := range all {
		if !c.Mended {
			left++
		}
	}
	if left > 0 {
		return refused("%d things are wrong in %s", left, filepath.Clean(dir))
	}
	return nil
}

func (a *app) printComplaints(r engine.Report, all []complaint) error {
	if all == nil {
		all = []complaint{}
	}
	switch a.format() {
	case "json":
		return a.printJSON(map[string]any{"records": r.Records, "others": r.Others, "findings": all, "more": r.More})
	case "jsonl", "csv":
		return printEach(a, all)
	}
	for _, c := range all {
		what := "  " + c.Remedy
		if c.Mended {
			what = "  mended"
		}
		fmt.Fprintf(a.io.out, "%s: %s\n%s\n", c.Where, c.Message, what)
	}
	if r.More > 0 {
		fmt.Fprintf(a.io.out, "and %d more\n", r.More)
	}
	_, err := fmt.Fprintf(a.io.out, "%d records were read\n", r.Records+r.Others)
	return err
}
