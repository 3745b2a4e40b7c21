//! Copies selected services of an archive, for the build script. It does not use `inia-model`, which would have to be compiled for
//! the build machine first. `crates/model/src/packed/mod.rs` documents the archive format.

/// The supported version of the archive format.
const MAGIC: &[u8] = b"inia\x03";

/// Number of records per entry of a record table.
const STRIDE: usize = 8;

/// Returns an archive of the services in `names` and the files that all services share. Other names of services are accepted, as by the
/// catalog.
///
/// # Errors
/// A service is unknown, or `archive` is not an archive of the supported version.
pub(crate) fn select_services(archive: &[u8], names: &[&str]) -> Result<Vec<u8>, String> {
    let Some(archive) = ArchiveParts::read(archive) else {
        return Err("unsupported archive format".to_owned());
    };
    let mut service_names = Vec::with_capacity(names.len());
    for name in names {
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let letters = letters.to_ascii_lowercase();
        match archive.names.iter().find(|(name, _)| *name == letters) {
            Some((_, service)) => service_names.push(*service),
            None => return Err(format!("unknown service {name:?}")),
        }
    }
    let selected = archive
        .services
        .iter()
        // The service with an empty name contains the files that all services share.
        .filter(|service| service.name.is_empty() || service_names.contains(&service.name));
    Ok(archive.with_services(selected.collect()))
}

/// The decoded parts of an archive.
struct ArchiveParts<'a> {
    /// The bytes before the records of the services, copied unchanged.
    head: &'a [u8],
    /// The letters and digits of each name of a service, and the service.
    names: Vec<(&'a str, &'a str)>,
    services: Vec<ServiceSegment<'a>>,
}

struct ServiceSegment<'a> {
    name: &'a str,
    /// The rest of its record, after the position of its contents.
    versions: &'a [u8],
    contents: &'a [u8],
}

impl<'a> ArchiveParts<'a> {
    fn read(archive: &'a [u8]) -> Option<Self> {
        let mut reader = ArchiveReader(archive.strip_prefix(MAGIC)?);
        let _dictionary = reader.records()?;
        let names = reader.records()?.into_iter().map(|record| {
            let mut record = ArchiveReader(record);
            Some((record.text()?, record.text()?))
        });
        let names = names.collect::<Option<_>>()?;
        let head = archive.get(..archive.len() - reader.0.len())?;
        let records = reader.records()?.into_iter().map(|record| {
            let mut record = ArchiveReader(record);
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
                Some(ServiceSegment {
                    name,
                    versions,
                    contents: contents.get(*start..end)?,
                })
            });
        Some(ArchiveParts {
            head,
            names,
            services: services.collect::<Option<_>>()?,
        })
    }

    /// Returns the archive with only these services.
    fn with_services(&self, services: Vec<&ServiceSegment<'_>>) -> Vec<u8> {
        let mut contents: Vec<u8> = Vec::new();
        let mut positions: Vec<u8> = Vec::new();
        let mut records = Vec::new();
        for (index, service) in services.iter().enumerate() {
            if index % STRIDE == 0 {
                // An archive is smaller than 4 GiB.
                positions.extend((records.len() as u32).to_le_bytes());
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
        archive.extend(positions);
        put_size(records.len(), &mut archive);
        archive.extend(records);
        archive.extend(contents);
        archive
    }
}

/// Reads an archive from front to back.
struct ArchiveReader<'a>(&'a [u8]);

impl<'a> ArchiveReader<'a> {
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
        let mut bytes = ArchiveReader(self.block()?);
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
