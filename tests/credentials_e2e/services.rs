//! Providers that call services, read files or run commands.

use p256::elliptic_curve::Generate as _;
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};

use crate::loopback::{Server, response};
use crate::machine::{
    SECRET, TestMachine, Trials, check, contains, features, in_seconds, keys, read, runtime,
    signers, sts,
};

pub(crate) const TRIALS: Trials = &[
    (
        "the session's options apply to the calls of its providers",
        role_options,
    ),
    ("a role chain starts with static keys", role_chain),
    (
        "the source of a role can be the environment",
        role_of_environment,
    ),
    (
        "the source of a role can be a container or an instance",
        role_of_metadata,
    ),
    ("role credentials are cached across processes", role_cache),
    (
        "a web identity token is read for each call, which is not signed",
        web_identity,
    ),
    (
        "an SSO token is refreshed and used for role credentials",
        sso,
    ),
    ("a login is refreshed with a DPoP proof", login),
    ("a process prints credentials", process),
    (
        "the error lists all tried providers with reasons",
        exhausted,
    ),
    ("a cycle of source profiles is an error", circle),
    ("static keys have feature ids", static_keys),
];

const ROLES: &str = "\
[default]
role_arn = arn:aws:iam::123456789012:role/last
source_profile = middle
[profile middle]
role_arn = arn:aws:iam::123456789012:role/first
source_profile = base
external_id = mine
duration_seconds = 900
[profile base]
aws_access_key_id = AKIDBASE
aws_secret_access_key = hush-base
";

fn some(keys: &[&str]) -> Vec<Option<String>> {
    keys.iter().map(|key| Some((*key).to_owned())).collect()
}

fn role_chain() {
    let server = Server::start(sts);
    let machine = TestMachine::new(ROLES).env("AWS_ENDPOINT_URL_STS", &server.url);
    machine.call().unwrap();
    assert_eq!(
        signers(&server),
        some(&["AKIDBASE", "AKID-first", "AKID-last"])
    );
    let requests = server.requests();
    assert_eq!(requests[0].form("ExternalId"), Some("mine"));
    assert_eq!(requests[0].form("DurationSeconds"), Some("900"));
    let token = requests[1].header("x-amz-security-token").unwrap();
    assert_eq!(token, format!("{SECRET}token-first"));
    assert_eq!(
        features(&server),
        ["E,N,Z,b,n,o", "E,N,Z,b,i,n,o", "E,N,Z,b,i,n,o"]
    );
}

fn role_options() {
    let server = Server::start(|request| match request.form("Action") {
        Some("AssumeRole") => crate::loopback::Reply::Hang,
        _ => sts(request),
    });
    let machine = TestMachine::new(ROLES).env("AWS_ENDPOINT_URL_STS", &server.url);
    let limit = std::time::Duration::from_millis(300);
    let config = inia::config::Config::new()
        .read_timeout(limit)
        .user_agent_extra("mine/1")
        .endpoint_url("http://127.0.0.1:1");
    let session = inia::Session::builder()
        .host(machine.host())
        .config(&config)
        .build()
        .unwrap();
    let started = std::time::Instant::now();
    let error = runtime().block_on(session.credentials()).unwrap_err();
    let took = started.elapsed();
    assert!(
        took < std::time::Duration::from_secs(5),
        "{took:?}: {error:#}"
    );
    // The session's endpoint does not apply to STS.
    let agent = server.requests()[0].header("user-agent").map(str::to_owned);
    assert!(
        agent
            .as_deref()
            .is_some_and(|agent| agent.contains("mine/1")),
        "{agent:?}"
    );
}

fn role_of_environment() {
    let server = Server::start(sts);
    let machine = TestMachine::new(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/last\ncredential_source = Environment\n",
    )
    .env("AWS_ENDPOINT_URL_STS", &server.url)
    .env("AWS_ACCESS_KEY_ID", "AKIDENV")
    .env("AWS_SECRET_ACCESS_KEY", "hush-env");
    let session = inia::Session::builder()
        .host(machine.host())
        .profile("default")
        .build()
        .unwrap();
    let call = async {
        let sts = session.client("sts")?;
        sts.call("GetCallerIdentity", inia::json!({})).await
    };
    runtime().block_on(call).unwrap();
    assert_eq!(signers(&server), some(&["AKIDENV", "AKID-last"]));
    assert_eq!(features(&server), ["E,N,Z,b,g,p", "E,N,Z,b,g,i,p"]);
}

fn role_of_metadata() {
    let metadata = Server::start(|request| match request.target.trim_end_matches('/') {
        "/latest/api/token" => response(200, "hush-session"),
        "/latest/meta-data/iam/security-credentials" => response(200, "box"),
        "/creds" | "/latest/meta-data/iam/security-credentials/box" => {
            response(200, keys("box", 3600))
        }
        _ => response(404, ""),
    });
    for (source, id, variables) in [
        (
            "EcsContainer",
            "z",
            [
                (
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                    format!("{}/creds", metadata.url),
                ),
                ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ],
        ),
        (
            "Ec2InstanceMetadata",
            "0",
            [
                ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url.clone()),
                ("AWS_EC2_METADATA_DISABLED", "false".to_owned()),
            ],
        ),
    ] {
        let server = Server::start(sts);
        let config = format!(
            "[default]\nrole_arn = arn:aws:iam::123456789012:role/last\ncredential_source = {source}\n"
        );
        let mut machine = TestMachine::new(&config).env("AWS_ENDPOINT_URL_STS", &server.url);
        for (name, value) in variables {
            machine = machine.env(name, value);
        }
        machine.call().unwrap();
        assert_eq!(
            signers(&server),
            some(&["AKID-box", "AKID-last"]),
            "{source}"
        );
        assert_eq!(
            features(&server),
            [format!("E,N,Z,b,p,{id}"), format!("E,N,Z,b,i,p,{id}")]
        );
    }
}

fn role_cache() {
    let server = Server::start(sts);
    let machine = TestMachine::new(ROLES).env("AWS_ENDPOINT_URL_STS", &server.url);
    machine.call().unwrap();
    machine.call().unwrap();
    assert_eq!(
        signers(&server),
        some(&["AKIDBASE", "AKID-first", "AKID-last", "AKID-last"])
    );
    assert_eq!(features(&server)[3], "E,N,Z,b,i,n,o");
}

fn web_identity() {
    let server = Server::start(sts);
    let machine = TestMachine::new("");
    machine.write("token", "hush-web-1");
    let path = machine.path("token").to_string_lossy().into_owned();
    let machine = machine
        .env("AWS_ENDPOINT_URL_STS", &server.url)
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/web")
        .env("AWS_ROLE_SESSION_NAME", "pod")
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", path);
    machine.call().unwrap();
    let requests = server.requests();
    assert_eq!(
        requests[0].form("Action"),
        Some("AssumeRoleWithWebIdentity")
    );
    assert_eq!(requests[0].form("WebIdentityToken"), Some("hush-web-1"));
    assert_eq!(requests[0].header("authorization"), None);
    assert_eq!(requests[1].access_key(), Some("AKID-web"));
    assert_eq!(features(&server), ["E,N,Z,b,h", "E,N,Z,b,h,k"]);

    machine.write("token", "hush-web-2");
    machine.clock.advance(3000);
    machine.call().unwrap();
    assert_eq!(
        server.requests()[2].form("WebIdentityToken"),
        Some("hush-web-2")
    );
}

fn sso() {
    let server = Server::start(|request| match request.target.split('?').next().unwrap() {
        "/token" => response(
            200,
            r#"{"accessToken": "hush-new", "expiresIn": 28800, "refreshToken": "hush-refresh-2"}"#,
        ),
        "/federation/credentials" => response(
            200,
            r#"{"roleCredentials": {"accessKeyId": "AKID-sso", "secretAccessKey": "hush-secret", "sessionToken": "hush-token",
                "expiration": 4000000000000}}"#,
        ),
        _ => sts(request),
    });
    let machine = TestMachine::new(
        "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader\n\
         [sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n",
    )
    .env("AWS_ENDPOINT_URL", &server.url);
    // SHA-1 of `corp`.
    let file = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
    machine.write(
        file,
        &format!(
            r#"{{"startUrl": "https://corp.example/start", "region": "eu-west-1", "accessToken": "hush-old", "expiresAt": "{}",
                "clientId": "client", "clientSecret": "hush-client", "registrationExpiresAt": "2099-01-01T00:00:00Z",
                "refreshToken": "hush-refresh-1"}}"#,
            in_seconds(60)
        ),
    );
    machine.call().unwrap();
    let requests = server.requests();
    contains(
        &requests[0].body,
        &["hush-refresh-1", "refresh_token", "hush-client"],
    );
    assert_eq!(
        requests[1].header("x-amz-sso_bearer_token"),
        Some("hush-new")
    );
    assert_eq!(requests[2].access_key(), Some("AKID-sso"));
    assert_eq!(features(&server), ["E,N,Z,b", "E,N,Z,b,r", "E,N,Z,b,r,s"]);
    contains(&read(&machine.path(file)), &["hush-new", "hush-refresh-2"]);
}

fn login() {
    let server = Server::start(|request| match request.target.as_str() {
        "/v1/token" => response(
            200,
            r#"{"accessToken": {"accessKeyId": "AKID-login", "secretAccessKey": "hush-secret", "sessionToken": "hush-token"},
                "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "hush-refresh-2"}"#,
        ),
        _ => sts(request),
    });
    let machine = TestMachine::new(
        "[default]\nlogin_session = arn:aws:sts::123456789012:assumed-role/Admin/me\n",
    )
    .env("AWS_ENDPOINT_URL", &server.url);
    let key = p256::SecretKey::generate();
    let pem = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    // SHA-256 of the session.
    let file =
        ".aws/login/cache/c03a7323bda916bba892295dd46ea73c98866a0ad0a2606cb839909f35fbc865.json";
    machine.write(
        file,
        &serde_json::json!({
            "accessToken": {"accessKeyId": "AKID-old", "secretAccessKey": "hush-old", "sessionToken": "hush-old-token",
                "accountId": "123456789012", "expiresAt": in_seconds(-60)},
            "tokenType": "aws_sigv4", "refreshToken": "hush-refresh-1", "clientId": "arn:aws:signin:::devtools/same-device",
            "idToken": "hush-id", "dpopKey": pem.as_str(),
        })
        .to_string(),
    );
    machine.call().unwrap();
    let requests = server.requests();
    contains(&requests[0].body, &["hush-refresh-1", "refresh_token"]);
    assert_eq!(requests[0].header("authorization"), None);
    assert_eq!(
        requests[0]
            .header("dpop")
            .map(|proof| proof.split('.').count()),
        Some(3)
    );
    assert_eq!(requests[1].access_key(), Some("AKID-login"));
    assert_eq!(features(&server), ["E,N,Z,b,AC,AD", "E,N,Z,b,AC,AD"]);
    contains(
        &read(&machine.path(file)),
        &["hush-refresh-2", "AKID-login"],
    );
}

fn process() {
    let server = Server::start(sts);
    let expires = in_seconds(3600);
    let machine = TestMachine::new("").env("AWS_ENDPOINT_URL_STS", &server.url);
    machine.write(
        "keys.json",
        &format!(
            r#"{{"Version": 1, "AccessKeyId": "AKID-process", "SecretAccessKey": "hush-secret", "SessionToken": "hush-token",
                "Expiration": "{expires}"}}"#
        ),
    );
    let path = machine.path("keys.json");
    machine.write(
        ".aws/config",
        &format!(
            "[default]\ncredential_process = cat \"{}\"\n",
            path.display()
        ),
    );
    machine.call().unwrap();
    assert_eq!(signers(&server), some(&["AKID-process"]));
    assert_eq!(features(&server), ["E,N,Z,b,v,w"]);

    // A number of seconds counts as an expiration too.
    for (expires, is_expired) in [(4_000_000_000_u64, false), (1_000_000_000, true)] {
        machine.write(
            "keys.json",
            &format!(
                r#"{{"Version": 1, "AccessKeyId": "AKID-process", "SecretAccessKey": "hush-secret", "Expiration": {expires}}}"#
            ),
        );
        let credentials = runtime().block_on(machine.session().credentials());
        match credentials {
            Ok(credentials) => {
                assert!(!is_expired);
                let seconds = credentials.expires.unwrap().seconds();
                assert_eq!(u64::try_from(seconds).unwrap(), expires);
            }
            Err(error) => assert!(is_expired, "{error:#}"),
        }
    }

    for (command, message) in [
        ("echo hush-not-json", "invalid JSON at line 1, column 1"),
        ("echo {}", "Version of the output must be 1"),
        ("sh -c \"echo denied >&2; exit 7\"", "exit status 7: denied"),
        ("yes hush-hush", "wrote more than 65536 bytes"),
        ("/no/such/program", "cannot be started"),
    ] {
        machine.write(
            ".aws/config",
            &format!("[default]\ncredential_process = {command}\n"),
        );
        let error = machine.error_within(std::time::Duration::from_secs(10));
        contains(&error, &["custom-process", message]);
    }
    assert_eq!(server.requests().len(), 1);
}

fn exhausted() {
    let machine = TestMachine::new("[default]\nregion = us-east-1\n");
    let error = machine.error_within(std::time::Duration::from_secs(5));
    let mut rest = error.as_str();
    for name in [
        "env",
        "assume-role",
        "assume-role-with-web-identity",
        "sso",
        "shared-credentials-file",
        "login",
        "custom-process",
        "config-file",
        "ec2-credentials-file",
        "boto-config",
        "container-role",
        "iam-role",
    ] {
        let listed = format!("{name}: ");
        let (_, after) = rest
            .split_once(&listed)
            .unwrap_or_else(|| panic!("{name} is missing or out of order:\n{error}"));
        assert!(
            !after.starts_with('\n') && !after.is_empty(),
            "{name} has no reason:\n{error}"
        );
        rest = after;
    }
    contains(
        &error,
        &["AWS_ACCESS_KEY_ID", "AWS_EC2_METADATA_DISABLED is true"],
    );

    // A failing provider ends the chain and lists those before it.
    let machine = TestMachine::new(
        "[default]\nsso_start_url = https://x\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = r\n",
    );
    let error = machine.error_within(std::time::Duration::from_secs(5));
    contains(&error, &["env: ", "assume-role: ", "sso", "log in first"]);
    assert!(!error.contains("iam-role"), "{error}");
    check("the error", &error);
}

fn circle() {
    let machine = TestMachine::new(
        "[default]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n\
         [profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = default\n",
    );
    let error = machine.error_within(std::time::Duration::from_secs(5));
    contains(&error, &["default", "b"]);
    assert!(
        error.contains("circle") || error.contains("loop") || error.contains("->"),
        "{error}"
    );
}

fn static_keys() {
    let config = "[default]\naws_access_key_id = AKID\naws_secret_access_key = hush-config\n";
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "hush-env"),
    ];
    for (config, variables, id) in [
        (config, &[][..], "n"),
        ("", &variables[..], "g"),
        ("", &[("BOTO_CONFIG", "~/boto.cfg")][..], "x"),
    ] {
        let server = Server::start(sts);
        let mut machine = TestMachine::new(config).env("AWS_ENDPOINT_URL_STS", &server.url);
        machine.write(
            "boto.cfg",
            "[Credentials]\naws_access_key_id = AKID\naws_secret_access_key = hush-boto\n",
        );
        for (name, value) in variables {
            machine = machine.env(name, *value);
        }
        machine.call().unwrap();
        assert_eq!(features(&server), [format!("E,N,Z,b,{id}")]);
    }
}
