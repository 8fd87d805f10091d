/**
 * First logins of one person, or of people of one company, at the same moment: the same lines for every library. What
 * differs are `find` and `create`, which stand in each library's templates.
 *
 * @param type of the application's own object, as the adapter names it.
 */
export function findOrCreateUser(type: string): string {
  return `  override async findOrCreateUser(profile: UserProfile): Promise<${type}> {
    const present = await this.find(profile);
    if (present) return present;
    try {
      return await this.create(profile);
    } catch (error) {
      // Another first login of this person was quicker: the key of the link lets one through.
      const made = await this.find(profile);
      if (!made) throw error;
      return made;
    }
  }`;
}

/** As {@link findOrCreateUser}, of companies. */
export function findOrCreateGroup(type: string): string {
  return `  override async findOrCreateGroup(profile: GroupProfile): Promise<${type}> {
    const present = await this.find(profile.marketplace, profile.uid);
    if (present) return present;
    try {
      return await this.create(profile);
    } catch (error) {
      const made = await this.find(profile.marketplace, profile.uid);
      if (!made) throw error;
      return made;
    }
  }`;
}
