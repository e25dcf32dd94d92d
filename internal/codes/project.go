package codes

// The codes of the project file.
const ProjectFile Code = "project-file"

func projectRows() []Row {
	return []Row{{
		Code: ProjectFile, Line: "the project file, .glowplug.yaml, has a setting that is not known or cannot be " +
			"followed",
		Do: "correct the line that is shown, or take it out",
		Why: `A setting that nothing follows would be one that everybody relies on. The configs are checked all the
			same, as if the line were not there. The file comes with the configs, so it has no setting for what is
			written, its paths stay in the project, and no error is ignored because of it.`,
		Show: pair("strict: true\n~~: line\n", "fromat", "format").by(ByProject),
	}}
}
