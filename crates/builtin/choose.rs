//! Takes some services out of an archive, for the build script: it has no crate of ours below it, which would all be compiled for the
//! machine that builds before anything else. What an archive is made of is told in `crates/model/src/packed/mod.rs`.

/// The version of the form that is known here.
const MAGIC: &[u8] = b"inia\x02";

/// How many records lie between two places that the table of records knows.
const STRIDE: usize = 16;

/// An archive of the services with these names and of what all services share. Names that services went by before will do.
///
/// # Errors
/// There is no such service, or this is no archive.
pub(crate) fn choose(archive: &[u8], names: &[&str]) -> Result<Vec<u8>, String> {
    let Some(archive) = Parts::read(archive) else {
        return Err("the archive of all services is of another form".to_owned());
    };
    let mut wanted = Vec::with_capacity(names.len());
    for name in names {
        let now = archive.former.iter().find(|(before, _)| before == name);
        let now = now.map_or(*name, |(_, now)| now);
        if now.is_empty() || !archive.services.iter().any(|service| service.name == now) {
            return Err(format!("there is no service {name:?}"));
        }
        wanted.push(now);
    }
    let chosen = archive
        .services
        .iter()
        // The nameless one is what all services share.
        .filter(|service| service.name.is_empty() || wanted.contains(&service.name));
    Ok(archive.with(chosen.collect()))
}

/// An archive as far as it must be understood.
struct Parts<'a> {
    /// From the start to the services' records, which is taken over as it is.
    head: &'a [u8],
    former: Vec<(&'a str, &'a str)>,
    services: Vec<Service<'a>>,
}

struct Service<'a> {
    name: &'a str,
    /// What its record says after the place of its contents.
    versions: &'a [u8],
    contents: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(archive: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(archive.strip_prefix(MAGIC)?);
        let _words = reader.records()?;
        let former = reader.records()?.into_iter().map(|record| {
            let mut record = Reader(record);
            Some((record.text()?, record.text()?))
        });
        let former = former.collect::<Option<_>>()?;
        let _kinds = reader.records()?;
        let head = archive.get(..archive.len() - reader.0.len())?;
        let records = reader.records()?.into_iter().map(|record| {
            let mut record = Reader(record);
            Some((record.text()?, record.size()?, record.0))
        });
        let records: Vec<(&str, usize, &[u8])> = records.collect::<Option<_>>()?;
        let contents = reader.0;
        let ends = records.iter().skip(1).map(|(_, start, _)| *start);
        let ends = ends.chain([contents.len()]);
        let services = records
            .iter()
            .zip(ends)
            .map(|((name, start, versions), end)| {
                Some(Service {
                    name,
                    versions,
                    contents: contents.get(*start..end)?,
                })
            });
        Some(Parts {
            head,
            former,
            services: services.collect::<Option<_>>()?,
        })
    }

    /// The archive with these services only.
    fn with(&self, services: Vec<&Service<'_>>) -> Vec<u8> {
        let mut contents: Vec<u8> = Vec::new();
        let mut places: Vec<u8> = Vec::new();
        let mut records = Vec::new();
        for (index, service) in services.iter().enumerate() {
            if index % STRIDE == 0 {
                // An archive has less than 4 GiB.
                places.extend((records.len() as u32).to_le_bytes());
            }
            let mut record = Vec::new();
            put_size(service.name.len(), &mut record);
            record.extend(service.name.as_bytes());
            put_size(contents.len(), &mut record);
            record.extend(service.versions);
            put_size(record.len(), &mut records);
            records.extend(record);
            contents.extend(service.contents);
        }
        let mut archive = self.head.to_vec();
        put_size(services.len(), &mut archive);
        archive.extend(places);
        put_size(records.len(), &mut archive);
        archive.extend(records);
        archive.extend(contents);
        archive
    }
}

/// Reads from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    fn size(&mut self) -> Option<usize> {
        let mut size = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            size |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(size).ok();
            }
        }
        None
    }

    fn block(&mut self) -> Option<&'a [u8]> {
        let length = self.size()?;
        self.take(length)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.block()?).ok()
    }

    fn records(&mut self) -> Option<Vec<&'a [u8]>> {
        let count = self.size()?;
        self.take(count.div_ceil(STRIDE).checked_mul(4)?)?;
        let mut bytes = Reader(self.block()?);
        (0..count).map(|_| bytes.block()).collect()
    }
}

fn put_size(mut size: usize, out: &mut Vec<u8>) {
    while size >= 0x80 {
        out.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    out.push(size as u8);
}
