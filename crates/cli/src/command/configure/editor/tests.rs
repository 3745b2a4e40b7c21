use inia::config::ConfigFiles;

use super::*;

fn profile(name: &str) -> SectionName {
    SectionName::Profile(name.to_owned())
}

fn plain(name: &str) -> SectionName {
    SectionName::Plain(name.to_owned())
}

/// Returns an editor of an empty file.
fn empty(kind: ConfigFileKind) -> ConfigFileEditor {
    ConfigFileEditor {
        kind,
        path: PathBuf::new(),
        text: String::new(),
    }
}

/// Returns an editor of a config file; `None` if the text is malformed.
fn editor(text: &str) -> Option<ConfigFileEditor> {
    line_parser::parse(text).ok()?;
    Some(ConfigFileEditor {
        text: text.to_owned(),
        ..empty(ConfigFileKind::Config)
    })
}

fn edit(text: &str, change: impl Fn(&mut ConfigFileEditor)) -> String {
    let mut editor = editor(text).unwrap();
    change(&mut editor);
    editor.text
}

#[test]
fn adds_section_at_end_of_file_and_property_at_end_of_section() {
    let text = edit("[default]\na = 1\n\n# next\n[profile x]\nb = 2", |file| {
        file.set(&profile("default"), "c", "3").unwrap();
        file.set(&profile("x"), "d", "4").unwrap();
        file.set(&profile("new one"), "e", "5").unwrap();
        file.set(&SectionName::SsoSession("s".into()), "f", "6")
            .unwrap();
    });
    assert_eq!(
        text,
        "[default]\na = 1\nc = 3\n\n# next\n[profile x]\nb = 2\nd = 4\n[profile 'new one']\ne = 5\n[sso-session s]\nf = 6\n"
    );
    let files = ConfigFiles::parse(&text, "").unwrap();
    assert_eq!(files.profile("new one").unwrap().get("e"), Some("5"));
}

#[test]
fn odd_section_names_are_read_back() {
    for name in [
        "Acme Prod",
        "zoë",
        "[PROD]-x",
        r"DOM\user",
        "O'Brien",
        "a\"b",
        "a,b",
        "x]y",
        "x] #y",
        "a #b",
        "p;q",
        "a \\\" b",
    ] {
        let mut texts = Vec::new();
        for kind in [ConfigFileKind::Config, ConfigFileKind::Credentials] {
            let mut file = empty(kind);
            // A bracket before a comment cannot be written without quotes.
            match file.set(&profile(name), "key", "x") {
                Ok(()) => {}
                Err(_) => assert_eq!((kind, name), (ConfigFileKind::Credentials, "x] #y")),
            }
            file.set(&profile("last"), "key", "y").unwrap();
            texts.push(file.text.to_owned());
        }
        let files = ConfigFiles::parse(&texts[0], &texts[1]).unwrap();
        let value = files.config_profile(name).unwrap().get("key");
        assert_eq!(value, Some("x"), "{}", texts[0]);
        if name != "x] #y" {
            let value = files.credentials_profile(name).unwrap().get("key");
            assert_eq!(value, Some("x"), "{}", texts[1]);
        }
    }
}

#[test]
fn changes_the_effective_occurrence() {
    // The last occurrence is effective, and `[profile default]` rather than `[default]`.
    let text =
        "[default]\nk = 0\n[profile default]\nk = 1\n[profile a]\n[profile default]\nK = 2\n";
    let changed = edit(text, |file| {
        file.set(&profile("default"), "k", "3").unwrap()
    });
    assert_eq!(changed, text.replace("K = 2", "k = 3"));
}

#[test]
fn sub_properties_keep_indentation_and_neighbours() {
    let text = "[default]\r\ns3 =\r\n\t# how\r\n\tuse_arn_region = true\r\n\r\nregion = a\r\n";
    let changed = edit(text, |file| {
        let section = profile("default");
        file.set_nested(&section, "s3", "use_arn_region", "false")
            .unwrap();
        file.set_nested(&section, "s3", "addressing_style", "path")
            .unwrap();
        assert!(file.set_nested(&section, "region", "x", "y").is_err());
    });
    assert_eq!(
        changed,
        "[default]\r\ns3 =\r\n\t# how\r\n\tuse_arn_region = false\r\n\r\n    addressing_style = path\r\nregion = a\r\n"
    );
}

#[test]
fn credentials_file_has_profiles_without_prefix() {
    let mut file = empty(ConfigFileKind::Credentials);
    file.set(&profile("dev"), "aws_access_key_id", "AKID")
        .unwrap();
    assert_eq!(file.text, "[dev]\naws_access_key_id = AKID\n");
    assert!(
        file.set(&SectionName::Services("s".into()), "a", "b")
            .is_err()
    );
}

#[test]
fn set_values_are_parsed_back_and_other_lines_are_preserved() {
    const PARTS: [&str; 21] = [
        "[",
        "]",
        "[profile x]",
        "[default]",
        "[profile default]",
        "[profile \"x\"]",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        " ",
        "\t",
        "=",
        "a = b",
        "key = old",
        "s3 =",
        "  sub = c",
        "# d",
        ";",
        "é",
    ];
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut edited = 0;
    for _ in 0..4_000 {
        let text: String = (0..random(16))
            .map(|_| PARTS[random(PARTS.len())])
            .collect();
        // The parser and the editor accept the same files.
        let before = ConfigFiles::parse(&text, "");
        let Some(mut editor) = editor(&text) else {
            assert!(before.is_err(), "{text:?}");
            continue;
        };
        edited += 1;
        for name in ["x", "default"] {
            let section_name = profile(name);
            editor.set(&section_name, "key", "new").unwrap();
            let nested = editor.set_nested(&section_name, "s3", "sub", "new");
            let after = ConfigFiles::parse(&editor.text, "").unwrap();
            let section = after.profile(name).unwrap();
            assert_eq!(
                section.get("key"),
                Some("new"),
                "{text:?} {:?}",
                &editor.text
            );
            if nested.is_ok() {
                assert_eq!(
                    section.get_nested("s3", "sub"),
                    Some("new"),
                    "{text:?} {:?}",
                    &editor.text
                );
            }
            if let Some(old) = before.as_ref().unwrap().profile(name) {
                assert_eq!(
                    old.get("a"),
                    section.get("a"),
                    "{text:?} {:?}",
                    &editor.text
                );
            }
        }
        for line in line_parser::split_lines(&text).map(str::trim) {
            assert!(
                !line.starts_with('#') || editor.text.contains(line),
                "{text:?} {:?}",
                &editor.text
            );
        }
    }
    assert!(edited > 500, "{edited}");
}

#[test]
fn rejects_names_and_values_that_cannot_be_represented() {
    let mut file = editor("").unwrap();
    for (section, name, value) in [
        ("a", "two words", "x"),
        ("a", "key", "x\n[profile b]"),
        ("a", "key", " x"),
        ("a", "key", "x # y"),
        ("a", "key", "# y"),
        ("a\n]", "key", "x"),
        ("", "key", "x"),
    ] {
        assert!(
            file.set(&profile(section), name, value).is_err(),
            "{section} {name} {value}"
        );
    }
    assert_eq!(file.text, "");
    file.set(&profile("a"), "key", "x;y=z").unwrap();
    assert!(format!("{file:?}").find("x;y").is_none());
}

/// Text before, section, name with a dot before a sub-property, value, text after.
type Edit = (
    &'static str,
    SectionName,
    &'static str,
    &'static str,
    &'static str,
);

fn check_edits(edits: &[Edit]) {
    let mut failures = Vec::new();
    for (before, section, name, value, after) in edits {
        let Some(mut editor) = editor(before) else {
            failures.push(format!("{before:?}: malformed"));
            continue;
        };
        let set = match name.split_once('.') {
            Some((name, sub)) => editor.set_nested(section, name, sub, value),
            None => editor.set(section, name, value),
        };
        match set {
            Ok(()) if editor.text == *after => {}
            Ok(()) => failures.push(format!(
                "{before:?} {section:?} {name}={value}:\n     {:?}\n not {after:?}",
                editor.text
            )),
            Err(error) => failures.push(format!("{before:?} {section:?} {name}={value}: {error}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The results are those of `aws configure set` of the AWS CLI 1.46.3.
#[test]
fn edits_equal_those_of_the_aws_cli() {
    check_edits(&[
        (
            "",
            profile("default"),
            "region",
            "eu-west-1",
            "[default]\nregion = eu-west-1\n",
        ),
        (
            "",
            profile("default"),
            "region",
            "eu-west-1",
            "[default]\nregion = eu-west-1\n",
        ),
        (
            "[default]\n",
            profile("default"),
            "region",
            "eu-west-1",
            "[default]\nregion = eu-west-1\n",
        ),
        (
            "[default]",
            profile("default"),
            "region",
            "eu-west-1",
            "[default]\nregion = eu-west-1\n",
        ),
        (
            "[default]\nregion = us-east-1\n",
            profile("default"),
            "region",
            "eu-west-1",
            "[default]\nregion = eu-west-1\n",
        ),
        (
            "[default]\nregion=us-east-1\n",
            profile("default"),
            "region",
            "eu-west-1",
            "[default]\nregion = eu-west-1\n",
        ),
        (
            "[default]\nregion = us-east-1",
            profile("default"),
            "region",
            "eu-west-1",
            "[default]\nregion = eu-west-1\n",
        ),
        (
            "[default]\nregion = us-east-1",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = us-east-1\noutput = json\n",
        ),
        (
            "[default]\nregion = us-east-1\n",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = us-east-1\noutput = json\n",
        ),
        (
            "[default]\nregion = us-east-1\n\n",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = us-east-1\n\noutput = json\n",
        ),
        (
            "[default]\nregion = us-east-1\n\n\n",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = us-east-1\n\noutput = json\n\n",
        ),
        (
            "[default]\nregion = us-east-1\n# end\n",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = us-east-1\n# end\noutput = json\n",
        ),
        (
            "[default]\nregion = us-east-1\n\n[profile dev]\nregion = a\n",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = us-east-1\noutput = json\n\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\nregion = us-east-1\n\n\n[profile dev]\nregion = a\n",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = us-east-1\noutput = json\n\n\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\nregion = us-east-1\n# note\n[profile dev]\nregion = a\n",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = us-east-1\noutput = json\n# note\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\n\n[profile dev]\nregion = a\n",
            profile("default"),
            "output",
            "json",
            "[default]\noutput = json\n\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\nregion = us-east-1\n",
            profile("dev"),
            "region",
            "a",
            "[default]\nregion = us-east-1\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\nregion = us-east-1",
            profile("dev"),
            "region",
            "a",
            "[default]\nregion = us-east-1\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\nregion = us-east-1\n\n",
            profile("dev"),
            "region",
            "a",
            "[default]\nregion = us-east-1\n\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\nregion = us-east-1\n",
            profile("default"),
            "s3.addressing_style",
            "path",
            "[default]\nregion = us-east-1\ns3 =\n    addressing_style = path\n",
        ),
        (
            "[default]\nregion = us-east-1",
            profile("default"),
            "s3.addressing_style",
            "path",
            "[default]\nregion = us-east-1\ns3 =\n    addressing_style = path\n",
        ),
        (
            "[default]\nregion = us-east-1\n\n[profile dev]\nregion = a\n",
            profile("default"),
            "s3.addressing_style",
            "path",
            "[default]\nregion = us-east-1\ns3 =\n    addressing_style = path\n\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\ns3 =\n    addressing_style = auto\n",
            profile("default"),
            "s3.addressing_style",
            "path",
            "[default]\ns3 =\n    addressing_style = path\n",
        ),
        (
            "[default]\ns3 =\n  addressing_style=auto\n",
            profile("default"),
            "s3.addressing_style",
            "path",
            "[default]\ns3 =\n  addressing_style = path\n",
        ),
        (
            "[default]\ns3 =\n    addressing_style = auto\n",
            profile("default"),
            "s3.use_arn_region",
            "true",
            "[default]\ns3 =\n    addressing_style = auto\n    use_arn_region = true\n",
        ),
        (
            "[default]\ns3 =\n  addressing_style = auto\n",
            profile("default"),
            "s3.use_arn_region",
            "true",
            "[default]\ns3 =\n  addressing_style = auto\n    use_arn_region = true\n",
        ),
        (
            "[default]\ns3 =\n    addressing_style = auto\nregion = a\n",
            profile("default"),
            "s3.use_arn_region",
            "true",
            "[default]\ns3 =\n    addressing_style = auto\n    use_arn_region = true\nregion = a\n",
        ),
        (
            "[default]\ns3 =\n    addressing_style = auto\n\nregion = a\n",
            profile("default"),
            "s3.use_arn_region",
            "true",
            "[default]\ns3 =\n    addressing_style = auto\n\n    use_arn_region = true\nregion = a\n",
        ),
        (
            "[default]\ns3 =\n    addressing_style = auto\n[profile dev]\nregion = a\n",
            profile("default"),
            "s3.use_arn_region",
            "true",
            "[default]\ns3 =\n    addressing_style = auto\n    use_arn_region = true\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\ns3 =\n    addressing_style = auto\n\n[profile dev]\nregion = a\n",
            profile("default"),
            "s3.use_arn_region",
            "true",
            "[default]\ns3 =\n    addressing_style = auto\n\n    use_arn_region = true\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\ns3 =\n    addressing_style = auto\n",
            profile("default"),
            "region",
            "a",
            "[default]\ns3 =\n    addressing_style = auto\nregion = a\n",
        ),
        (
            "[default]\ns3 =\n    addressing_style = auto\n\n[profile dev]\nregion = a\n",
            profile("default"),
            "region",
            "a",
            "[default]\ns3 =\n    addressing_style = auto\nregion = a\n\n[profile dev]\nregion = a\n",
        ),
        (
            "[default]\ns3 =\nregion = a\n",
            profile("default"),
            "s3.use_arn_region",
            "true",
            "[default]\ns3 =\n    use_arn_region = true\nregion = a\n",
        ),
        (
            "",
            profile("default"),
            "s3.addressing_style",
            "path",
            "[default]\ns3 =\n    addressing_style = path\n",
        ),
        (
            "",
            profile("dev"),
            "s3.addressing_style",
            "path",
            "[profile dev]\ns3 =\n    addressing_style = path\n",
        ),
        (
            "",
            plain("preview"),
            "cloudfront",
            "true",
            "[preview]\ncloudfront = true\n",
        ),
        (
            "[default]\nregion = a\n",
            plain("preview"),
            "cloudfront",
            "true",
            "[default]\nregion = a\n[preview]\ncloudfront = true\n",
        ),
        (
            "[preview]\ncloudfront = false\n",
            plain("preview"),
            "cloudfront",
            "true",
            "[preview]\ncloudfront = true\n",
        ),
        (
            "[preview]\ncloudfront = false\n[default]\nregion = a\n",
            plain("preview"),
            "sdb",
            "true",
            "[preview]\ncloudfront = false\nsdb = true\n[default]\nregion = a\n",
        ),
        (
            "",
            plain("plugins"),
            "endpoint",
            "awscli_plugin_endpoint",
            "[plugins]\nendpoint = awscli_plugin_endpoint\n",
        ),
        (
            "",
            profile("dev"),
            "region",
            "a",
            "[profile dev]\nregion = a\n",
        ),
        (
            "",
            profile("Acme Prod"),
            "region",
            "a",
            "[profile 'Acme Prod']\nregion = a\n",
        ),
        (
            "[profile 'Acme Prod']\nregion = b\n",
            profile("Acme Prod"),
            "region",
            "a",
            "[profile 'Acme Prod']\nregion = a\n",
        ),
        (
            "",
            profile("zoë"),
            "region",
            "a",
            "[profile zoë]\nregion = a\n",
        ),
        (
            "",
            profile("a,b"),
            "region",
            "a",
            "[profile a,b]\nregion = a\n",
        ),
        (
            "",
            profile("[PROD]-x"),
            "region",
            "a",
            "[profile [PROD]-x]\nregion = a\n",
        ),
        (
            "",
            profile("it's mine"),
            "region",
            "a",
            "[profile 'it'\"'\"'s mine']\nregion = a\n",
        ),
        (
            "",
            profile("say \"x\" now"),
            "region",
            "a",
            "[profile 'say \"x\" now']\nregion = a\n",
        ),
        (
            "",
            profile("tab\there"),
            "region",
            "a",
            "[profile 'tab\there']\nregion = a\n",
        ),
        (
            "",
            profile("default"),
            "region",
            "",
            "[default]\nregion = \n",
        ),
        (
            "[default]\nregion = a\n",
            profile("default"),
            "region",
            "",
            "[default]\nregion = \n",
        ),
        (
            "",
            profile("default"),
            "credential_process",
            "sh -c \"true ; cat f\"",
            "[default]\ncredential_process = sh -c \"true ; cat f\"\n",
        ),
        (
            "[default]\n  region = a\n",
            profile("default"),
            "output",
            "json",
            "[default]\n  region = a\noutput = json\n",
        ),
        (
            "[default]\nregion = a\r",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = a\noutput = json\n",
        ),
        (
            "[default]\nregion = a\r",
            profile("default"),
            "region",
            "b",
            "[default]\nregion = b\n",
        ),
        (
            "[default]\rregion = a\r",
            profile("default"),
            "output",
            "json",
            "[default]\nregion = a\noutput = json\n",
        ),
        (
            "# only a comment\n",
            profile("default"),
            "region",
            "a",
            "# only a comment\n[default]\nregion = a\n",
        ),
        (
            "# only a comment",
            profile("default"),
            "region",
            "a",
            "# only a comment\n[default]\nregion = a\n",
        ),
        (
            "[default] # mine\nregion = a\n",
            profile("default"),
            "region",
            "b",
            "[default] # mine\nregion = b\n",
        ),
        (
            "[default]\nregion = a\nregion_x = c\n",
            profile("default"),
            "region",
            "b",
            "[default]\nregion = b\nregion_x = c\n",
        ),
        (
            "[profile dev]\nregion = a\n\n[default]\nregion = b\n",
            profile("dev"),
            "output",
            "json",
            "[profile dev]\nregion = a\noutput = json\n\n[default]\nregion = b\n",
        ),
        (
            "[profile dev]\nregion = a\n[sso-session s]\nsso_region = b\n",
            profile("dev"),
            "output",
            "json",
            "[profile dev]\nregion = a\noutput = json\n[sso-session s]\nsso_region = b\n",
        ),
        (
            "[default]\ns3 =\n    max_bandwidth = 1MB/s\n    max_queue_size = 5\nregion = a\n",
            profile("default"),
            "s3.max_queue_size",
            "6",
            "[default]\ns3 =\n    max_bandwidth = 1MB/s\n    max_queue_size = 6\nregion = a\n",
        ),
    ]);
}

/// Where the AWS CLI would lose or break lines, or write what is not read back.
#[test]
fn edits_keep_what_the_aws_cli_would_break() {
    let default = || profile("default");
    check_edits(&[
        // Its result joins the last two lines.
        (
            "[default]\ns3 =\n    a = b",
            default(),
            "s3.c",
            "d",
            "[default]\ns3 =\n    a = b\n    c = d\n",
        ),
        // It fails.
        (
            "[default]\ns3 =\n",
            default(),
            "s3.c",
            "d",
            "[default]\ns3 =\n    c = d\n",
        ),
        // It replaces the sub-property.
        (
            "[default]\ns3 =\n    region = x\nregion = a\n",
            default(),
            "region",
            "b",
            "[default]\ns3 =\n    region = x\nregion = b\n",
        ),
        // The next line would continue the property.
        (
            "[default]\n  region = a\n  k = v\n",
            default(),
            "region",
            "b",
            "[default]\n  region = b\n  k = v\n",
        ),
        (
            "  [default]\n  k = v\n  [profile a]\n",
            default(),
            "region",
            "b",
            "  [default]\n  k = v\n  region = b\n  [profile a]\n",
        ),
        // The comment belongs to the next section or property.
        (
            "[default]\nk = v\n# a: b\n[profile a]\n",
            default(),
            "region",
            "b",
            "[default]\nk = v\nregion = b\n# a: b\n[profile a]\n",
        ),
        (
            "[default]\ns3 =\n    a = b\n# e\nf = g\n",
            default(),
            "s3.c",
            "d",
            "[default]\ns3 =\n    a = b\n    c = d\n# e\nf = g\n",
        ),
        // Tabs stay.
        (
            "[default]\ns3 =\n\ta = b\n",
            default(),
            "s3.a",
            "c",
            "[default]\ns3 =\n\ta = c\n",
        ),
        // The profile exists, with other quotes or in the form that takes precedence.
        (
            "[profile \"Acme Prod\"]\nk = v\n",
            profile("Acme Prod"),
            "k",
            "w",
            "[profile \"Acme Prod\"]\nk = w\n",
        ),
        (
            "[profile default]\nk = v\n",
            default(),
            "k",
            "w",
            "[profile default]\nk = w\n",
        ),
        (
            "[default]\nk = v\n[profile default]\nk = v\n",
            default(),
            "k",
            "w",
            "[default]\nk = v\n[profile default]\nk = w\n",
        ),
        // botocore would read another name, or refuse two properties of one name.
        (
            "",
            profile("DOM\\user"),
            "k",
            "v",
            "[profile 'DOM\\user']\nk = v\n",
        ),
        (
            "",
            profile("O'Brien"),
            "k",
            "v",
            "[profile 'O'\"'\"'Brien']\nk = v\n",
        ),
        (
            "[default]\nRegion = a\n",
            default(),
            "region",
            "b",
            "[default]\nregion = b\n",
        ),
        // The line ends of the file are used; CR alone is none for most programs.
        (
            "[default]\r\nk = v\r\n",
            default(),
            "k",
            "w",
            "[default]\r\nk = w\r\n",
        ),
        (
            "[default]\r\nk = v",
            default(),
            "l",
            "w",
            "[default]\r\nk = v\r\nl = w\r\n",
        ),
        (
            "[default]\r\nk = v\r\n",
            profile("a"),
            "k",
            "w",
            "[default]\r\nk = v\r\n[profile a]\r\nk = w\r\n",
        ),
        (
            "[default]\nk = v\r",
            profile("a"),
            "k",
            "w",
            "[default]\nk = v\n[profile a]\nk = w\n",
        ),
        (
            "[default]\r\nk = v\r",
            default(),
            "l",
            "w",
            "[default]\r\nk = v\r\nl = w\r\n",
        ),
    ]);
}
