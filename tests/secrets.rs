//! `{:?}` of the public types of credentials, configuration and ports shows no secret.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use inia::config::{
    Config, ConfigFiles, Proxies, ProxyConfig, S3Config, ServiceName, Settings, line_parser,
};
use inia::host::TokioCommands;
use inia::ports::{CommandOutput, HttpRequest, HttpResponse, InvokeOptions, UrlHeaders};
use inia::{
    Credentials, Session, credentials::CredentialChain, credentials::Lookup,
    credentials::ProviderContext, credentials::Secret, credentials::Token, credentials::TokenChain,
};
use inia_core::{Identities, RefreshCache, RefreshCell};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

/// Part of all secrets in this test.
const SECRET: &str = "hush";

/// The types that this test prints.
#[derive(Default)]
struct Printed(Vec<&'static str>);

impl Printed {
    fn check<T: Debug>(&mut self, value: &T) {
        let name = std::any::type_name::<T>();
        let name = name.split('<').next().unwrap_or(name);
        self.0.push(name.rsplit("::").next().unwrap());
        for text in [format!("{value:?}"), format!("{value:#?}")] {
            assert!(!text.to_lowercase().contains(SECRET), "{name}: {text}");
        }
    }
}

/// Types without text of their own, or with text that is never a secret.
const WITHOUT_SECRETS: [&str; 24] = [
    "AccountIdEndpointMode",
    "AddressingStyle",
    "ChecksumMode",
    "ClientCertificate",
    "ConfigParseError",
    "DefaultsMode",
    "DefaultsTable",
    "EndpointDiscovery",
    "ExplainedProvider",
    "FileLocations",
    "Heading",
    "Host",
    "IpVersion",
    "ModeDefaults",
    "NameList",
    "Platform",
    "ProviderOutcome",
    "RefreshPolicy",
    "RegionalEndpoints",
    "RetryMode",
    "ServiceName",
    "Setting",
    "SettingSource",
    "SsoLogout",
];

#[test]
fn debug_shows_no_secret() {
    let mut printed = Printed::default();
    let credentials = Credentials::new("AKID", "hush-secret", Some("hush-token"));
    let token = Token::new("hush-token");
    printed.check(&credentials);
    printed.check(&token);
    printed.check(&Secret::from("hush"));
    printed.check(&Lookup::Found(credentials.clone()));
    printed.check(&Lookup::Found(token.clone()));

    let env = [
        ("HOME", "/home"),
        ("AWS_SECRET_ACCESS_KEY", "hush-secret"),
        ("AWS_BEARER_TOKEN_BEDROCK", "hush-token"),
        ("HTTPS_PROXY", "http://user:hush@proxy:1"),
    ];
    let ports = FakePorts::new(FakeEnv::of(env), 1_700_000_000);
    ports.files.put(
        "/home/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
        r#"{"accessToken": "hush-token", "expiresAt": "2099-01-01T00:00:00Z"}"#,
    );
    let text = "[default]\naws_access_key_id = AKID\naws_secret_access_key = hush-secret\n\
        sso_session = corp\nproxy =\n  password = hush\n[sso-session corp]\nclient_secret = hush\n";
    let files = ConfigFiles::parse(text, text).unwrap();
    let section = files.profile("default").unwrap().clone();
    printed.check(&section);
    printed.check(section.property("proxy").unwrap());
    printed.check(&files);
    for line in line_parser::parse(text).unwrap() {
        printed.check(&line);
        printed.check(&line.kind);
    }
    let explicit = BTreeMap::from([("secret_access_key", "hush-secret".into())]);
    let settings =
        Settings::new(ports.env.clone(), Arc::new(files.clone()), None, explicit).unwrap();
    printed.check(&settings);

    let context = ProviderContext {
        host: ports.host(),
        settings,
        invoke: None,
        signing_name: None,
    };
    printed.check(&context);
    printed.check(&TokioCommands::default().env("SECRET", "hush"));
    let chains = (CredentialChain::default(), TokenChain::default());
    printed.check(&chains.0);
    printed.check(&chains.1);
    let identities = Identities::new(context.clone(), chains.0, chains.1);
    block_on(identities.credentials()).unwrap();
    block_on(identities.token(Some("bedrock"))).unwrap();
    printed.check(&identities);
    let clock = context.host.clock.clone();
    let cell = RefreshCell::new(Credentials::REFRESH, clock.clone());
    block_on(cell.get(async { Ok(credentials.clone()) })).unwrap();
    printed.check(&cell);
    let cache: RefreshCache<String, Token> = RefreshCache::new(Token::REFRESH, clock, 1);
    block_on(cache.cell("key").get(async { Ok(token.clone()) })).unwrap();
    printed.check(&cache);

    printed.check(&HttpRequest {
        method: "GET",
        url: "http://host/".to_owned(),
        headers: vec![("authorization".to_owned(), Secret::from("hush"))],
        body: "hush".into(),
        timeout: std::time::Duration::ZERO,
        limit: 0,
    });
    printed.check(&HttpResponse {
        status: 200,
        headers: vec![("token".to_owned(), "hush".to_owned())],
        body: "hush".into(),
    });
    printed.check(&CommandOutput {
        status: Some(0),
        stdout: b"hush".to_vec(),
        stderr: b"hush".to_vec(),
    });
    let headers = UrlHeaders::new(|_| Ok(vec![("dpop".into(), "hush".into())]));
    printed.check(&headers);
    printed.check(&InvokeOptions {
        credentials: Some(credentials.clone()),
        headers: vec![("authorization".into(), "hush".into())],
        url_headers: Some(headers),
        ..InvokeOptions::default()
    });

    let proxies = Proxies::new().with("https", "http://user:hush@proxy:1");
    printed.check(&proxies);
    let proxy_config = ProxyConfig::default();
    printed.check(&proxy_config);
    printed.check(&S3Config::new());
    let config = Config::new()
        .proxies(proxies)
        .endpoint_url("http://user:hush@host");
    printed.check(&config);
    let service = ServiceName {
        name: "s3",
        id: "S3",
    };
    let config = Config::new().proxies(Proxies::new().with("https", "http://user:hush@proxy:1"));
    let client = context
        .settings
        .for_client(&config, service, &Default::default(), None)
        .unwrap();
    printed.check(&client);

    let builder = || {
        Session::builder()
            .config_files(files.clone())
            .credentials(credentials.clone())
    };
    printed.check(&builder());
    let session: Session = builder().build().unwrap();
    printed.check(&session);
    let resolved = block_on(session.credentials()).unwrap();
    printed.check(&session);
    printed.check(&inia::explain::ChainExplanation::given(resolved));

    // New types are added here.
    let sources = [
        "credentials",
        "config",
        "ports",
        "refresh_cache.rs",
        "secret.rs",
    ];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/core/src");
    let mut missing = Vec::new();
    for source in sources {
        let path = root.join(source);
        let files: Vec<_> = match std::fs::read_dir(&path) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
            Err(_) => vec![path],
        };
        for file in files.iter().filter(|file| file.is_file()) {
            for line in std::fs::read_to_string(file).unwrap().lines() {
                let name = line
                    .strip_prefix("pub struct ")
                    .or_else(|| line.strip_prefix("pub enum "));
                let Some(name) = name else { continue };
                let end = name.find(|c: char| !c.is_alphanumeric());
                let name = &name[..end.unwrap_or(name.len())];
                if !printed.0.contains(&name) && !WITHOUT_SECRETS.contains(&name) {
                    missing.push(name.to_owned());
                }
            }
        }
    }
    // Tested with a login in `tests/credentials/token_behaviour.rs`.
    missing.retain(|name| name != "SsoLogin");
    assert_eq!(missing, [""; 0]);
}
