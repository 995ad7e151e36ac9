//! The kinds of what must not leave.

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A payment card's number.
    Card,
    /// A bank account: IBAN, sort code, account number.
    Iban,
    /// A national identity, tax or social security number, or that of a passport.
    Id,
    /// A postal address or a postcode.
    Address,
    /// An IP or MAC address.
    Ip,
    /// A password, key or token.
    Secret,
    /// A number of an order, an invoice, a parcel or a customer.
    Order,
    /// A person's name.
    Name,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Email,
        Self::Phone,
        Self::Card,
        Self::Iban,
        Self::Id,
        Self::Address,
        Self::Ip,
        Self::Secret,
        Self::Order,
        Self::Name,
    ];

    /// Its word in a placeholder.
    pub fn label(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Card => "CARD",
            Self::Iban => "IBAN",
            Self::Id => "ID",
            Self::Address => "ADDRESS",
            Self::Ip => "IP",
            Self::Secret => "SECRET",
            Self::Order => "NUMBER",
            Self::Name => "NAME",
        }
    }
}
